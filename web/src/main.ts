/** The shell's only script: the console, or with `?embed` the picture alone. */
import './look/tokens.css';
import './look/base.css';

const root = document.getElementById('app');
if (root) {
  const isEmbed = new URLSearchParams(location.search).has('embed');
  void (isEmbed ? import('./embed.ts') : import('./app/app.tsx')).then(({ run }) => run(root));
}
