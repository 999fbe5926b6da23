"""Scripts for keyboard shortcuts: each key press counts once, on the record shown."""

SINGLE_PRESS_SCRIPT = """<script>
if (!window.funnelKeys) {
  window.funnelKeys = {pressed: null, at: 0, decides: '', wait: 0};
  const say = words => {
    const line = document.createElement('div');
    line.setAttribute('role', 'status');
    line.style.cssText = 'position:fixed;top:.7rem;left:50%;transform:translateX(-50%);' +
      'z-index:999;background:#fff4d6;border:1px solid #e3c97a;border-radius:8px;color:#222;' +
      'padding:.45rem .9rem';
    line.textContent = words;
    document.body.append(line);
    setTimeout(() => line.remove(), 4000);
  };
  window.addEventListener('keydown', event => {
    const title = document.querySelector('.record-key');
    const field = event.composedPath()[0];
    if (event.ctrlKey || event.metaKey || event.altKey || field.isContentEditable ||
        ['INPUT', 'TEXTAREA', 'SELECT'].includes(field.tagName)) return;
    const last = window.funnelKeys, letter = event.key.toLowerCase();
    const decides = title ? title.dataset.decides : last.decides;
    const key = title ? title.dataset.key + decides : last.pressed;
    if (title && (title.dataset.moves || '').split(' ').includes(letter)) {
      if (last.pressed === key && Date.now() - last.at < last.wait)
        event.stopImmediatePropagation();
      else window.funnelKeys = {pressed: key, at: Date.now(), decides, wait: 30000};
      event.preventDefault();
      return;
    }
    if (!decides.includes(letter)) {
      last.pressed = null;
      return;
    }
    const early = last.pressed === key && Date.now() - last.at < last.wait;
    if (event.repeat || early) {
      event.stopImmediatePropagation();
      if (!event.repeat)
        say('Too fast: the next record was still loading, so that key press was ignored.');
      return;
    }
    if (title) window.funnelKeys = {pressed: key, at: Date.now(), decides, wait: 3000};
  }, true);
}
</script>"""
"""A key held down counts once, and no key decides a record that is not yet on the screen, nor one
that the arrow keys are about to leave."""

SCROLL_TO_TOP_SCRIPT = """<script>/* {} */
document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0)</script>"""
"""Scrolls to the top when a new record is shown."""


def build_key_script(view_name: str) -> str:
    """The scripts of a page with shortcuts; the page scrolls to the top when `view_name` changes.

    Args:
        at: names the state, for example the record's key; letters and digits.
    """
    return SINGLE_PRESS_SCRIPT + SCROLL_TO_TOP_SCRIPT.format(view_name)


SCROLL_TO_RECORD_SCRIPT = """<script>/* {} */
document.querySelector('.record-key')?.closest('[class*="st-key-listed_"]')
  ?.scrollIntoView({{block: 'start'}})</script>"""
"""Scrolls to the current record of a list."""


def build_list_script(key: str, panel: str, *, is_first: bool) -> str:
    """The scripts of a list of records: the page scrolls to the current one when it changes.

    Args:
        key: of the current record.
        panel: name of the panel that is open on it; letters, empty for none.
        is_first: whether it is the first; the page then begins at its head.
    """
    scroll = SCROLL_TO_TOP_SCRIPT if is_first and not panel else SCROLL_TO_RECORD_SCRIPT
    return SINGLE_PRESS_SCRIPT + scroll.format(f"{key} {panel}")


PAGE_SCRIPT = """<i></i><script>
window.funnelKeysOff = %(keys_off)s;
window.funnelQuoteKey = %(quote_key)s;
if (!window.funnelPage) {
  window.funnelPage = true;
  window.addEventListener('keydown', event => {
    const field = event.composedPath()[0];
    if (event.key !== '?' || window.funnelKeysOff.includes('?') || field.isContentEditable ||
        ['INPUT', 'TEXTAREA', 'SELECT'].includes(field.tagName)) return;
    document.querySelector('.st-key-show_keys button')?.click();
  }, true);
  const isNarrow = () => window.innerWidth <= 1000;
  const findBar = () => document.querySelector('[data-testid=stSidebar]');
  const isFolded = () => findBar()?.dataset.collapsed === 'true';
  const fold = () =>
    document.querySelector('[data-testid=stSidebarCollapseButton] button')?.click();
  let last = null;
  const look = () => {
    if (!findBar()) return;
    const folded = isFolded();
    if (last === null && isNarrow() && !folded) fold();
    else if (last !== null && folded !== last && !isNarrow())
      document.cookie = `funnel_sidebar=${folded ? 'folded' : 'open'};path=/;` +
        'max-age=31536000;samesite=lax';
    last = folded;
  };
  new MutationObserver(look).observe(document.body,
    {subtree: true, attributes: true, attributeFilter: ['data-collapsed']});
  const begin = setInterval(() => { if (findBar()) { clearInterval(begin); look(); } }, 200);
  document.addEventListener('click', event => {
    if (isNarrow() && event.target.closest('[data-testid=stSidebarNavLink]')) setTimeout(fold, 50);
  });
  window.addEventListener('pagehide', () => {
    for (const name of Object.keys(localStorage))
      if (name.startsWith('stSidebarCollapsed')) localStorage.removeItem(name);
  });
  const push = history.pushState.bind(history);
  history.pushState = (state, title, address) => {
    const path = new URL(address ?? '', location.href).pathname;
    const stays = path === location.pathname && path.endsWith('/screening');
    return stays ? history.replaceState(state, title, address) : push(state, title, address);
  };
  const explain = () => {
    for (const box of document.querySelectorAll('[role=dialog]')) {
      const title = box.querySelector('h2');
      if (title?.firstChild?.data !== 'Connection error') continue;
      title.firstChild.data = 'The server does not answer';
      const words = title.nextElementSibling?.firstElementChild?.firstChild;
      if (words?.nodeType === Node.TEXT_NODE) words.data = '%(away)s';
    }
  };
  const repair = () => {
    const items = '[data-testid=stSidebarNavItems]';
    for (const part of document.querySelectorAll(`ul${items}:not([role]), ${items} li:not([role])`))
      part.setAttribute('role', 'presentation');
    const wide = ['[data-testid=stCode] pre', '[data-testid=stTable] div:has(> table)'];
    for (const box of document.querySelectorAll(wide.map(part => part + ':not([tabindex])').join()))
      box.tabIndex = 0;
  };
  const draw = () => { explain(); repair(); };
  draw();
  new MutationObserver(draw).observe(document.body, {childList: true, subtree: true});
}
</script>"""
"""On every page: ? opens the list of keys; the side bar folds on a narrow screen, and elsewhere a
cookie, not Streamlit's own memory, keeps whether it was folded; Back leaves Screening in one press,
whatever was decided there; if the server is away, a sentence says what that means. Screen readers
get Streamlit's navigation as links and headings, for its list holds more than list items; and the
keyboard reaches its code boxes and tables to scroll them."""
AWAY_WORDS = (
    "All decisions and answers you saw saved are safe. Check your connection, or ask whoever runs "
    "the server. This page continues by itself once the server answers."
)
"""Without quotation marks, for it is put into a script."""

QUOTE_KEY_SCRIPT = """<i></i><script>
if (!window.funnelQuote) {
  window.funnelQuote = true;
  window.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey ||
        event.key.toLowerCase() !== (window.funnelQuoteKey ?? 'q')) return;
    const chosen = window.getSelection();
    const box = document.querySelector('textarea[aria-label=Quote]');
    const text = String(chosen).replace(/\\s+/g, ' ').trim();
    const paper = document.querySelector('.paper-window');
    if (!text || !box || box.disabled || !paper || !paper.contains(chosen.anchorNode)) return;
    Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(box, text);
    box.dispatchEvent(new Event('input', {bubbles: true}));
    box.focus();
    box.blur();
  }, true);
}
</script>"""
"""Q, or the key that the person has put in its place, takes the text selected in the paper as
quote."""

FOCUS_NOTE_SCRIPT = """<i></i><script>setTimeout(() => document.querySelector(
'textarea[aria-label^="Your note"]').focus(), 150)</script>"""
"""Moves the cursor to the note box, so that you can type at once after pressing N."""
