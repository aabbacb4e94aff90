import 'element-plus/theme-chalk/base.css';
import './styles/tokens.css';
import './styles/element.css';
import { VueQueryPlugin } from '@tanstack/vue-query';
import { createApp } from 'vue';
import App from './app/App.vue';
import { setUpApi } from './app/api.ts';
import { type Locale, showLocale } from './app/i18n.ts';
import { vCan } from './app/permission.ts';
import { queryClient } from './app/query.ts';
import { router } from './app/router.ts';

await showLocale(document.documentElement.lang as Locale);
setUpApi();
createApp(App).use(VueQueryPlugin, { queryClient }).use(router).directive('can', vCan).mount('#app');
