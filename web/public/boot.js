// Before the first paint: the theme and the language, so that nothing flashes. A file of its own because the policy allows no inline script.
(() => {
  const read = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  };
  const theme = read('theme');
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', dark);
  const locale = read('locale');
  const wanted =
    locale || (navigator.languages || [navigator.language]).find((tag) => /^(zh|en)/i.test(tag)) || 'zh-CN';
  document.documentElement.lang = /^en/i.test(wanted) ? 'en-US' : 'zh-CN';
})();
