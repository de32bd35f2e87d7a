/** All strings of one language, as one piece to load. */
import console from './console.fr.ftl?raw';
import player from './player.fr.ftl?raw';
import problems from './problems.fr.ftl?raw';

export const sources = [console, player, problems];
