// Runs before the first paint, so that a chosen theme does not flash. A file of its own, because
// the Content-Security-Policy allows no inline script.
try {
  const theme = localStorage.getItem('lenswire-theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: then as the system.
}
