/** All strings of one language, as one piece to load. */
import console from './console.ko.ftl?raw';
import player from './player.ko.ftl?raw';
import problems from './problems.ko.ftl?raw';

export const sources = [console, player, problems];
