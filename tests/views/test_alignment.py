"""What of FAB we override or lean on, pinned: an upgrade that moves it fails here, and is read before it is trusted.

After reading the new source and our override beside it, put the new digest here (the test prints it).
"""

import hashlib
import inspect
from collections.abc import Callable
from typing import Any

import flask_login.utils
import pytest
from flask_appbuilder import baseviews, urltools, views
from flask_appbuilder.babel import manager as babel_manager
from flask_appbuilder.babel import views as babel_views
from flask_appbuilder.fields import AJAXSelectField
from flask_appbuilder.filters import TemplateFilters
from flask_appbuilder.models.base import BaseInterface
from flask_appbuilder.models.filters import Filters
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security import decorators
from flask_appbuilder.security.manager import BaseSecurityManager
from flask_appbuilder.security.views import AuthDBView, AuthView

from app.views import history

PINNED: dict[str, tuple[Callable[..., Any], str]] = {
    "baseviews.BaseView.update_redirect": (history.UPDATE_REDIRECT, "c846e6866070f23d"),
    "baseviews.BaseView.get_redirect": (history.GET_REDIRECT, "459b64bc6e7158fe"),
    "baseviews.BaseView._register_urls": (baseviews.BaseView._register_urls, "4525d3e84732801e"),
    "baseviews.BaseModelView._init_properties": (baseviews.BaseModelView._init_properties, "10a97bc8994ec692"),
    "baseviews.BaseModelView._init_forms": (baseviews.BaseModelView._init_forms, "29bb0e18a7c6b79a"),
    "baseviews.BaseCRUDView._init_properties": (baseviews.BaseCRUDView._init_properties, "4bdd672231ced1d5"),
    "baseviews.BaseCRUDView._init_forms": (baseviews.BaseCRUDView._init_forms, "2073f5423803e18b"),
    "baseviews.BaseCRUDView._get_list_widget": (baseviews.BaseCRUDView._get_list_widget, "b8bd9f3ee791aece"),
    "baseviews.BaseCRUDView._list": (baseviews.BaseCRUDView._list, "272a87f649f928b5"),
    "baseviews.BaseCRUDView._show": (baseviews.BaseCRUDView._show, "37e80716773b3ea0"),
    "baseviews.BaseCRUDView._add": (baseviews.BaseCRUDView._add, "a025a0c68594773e"),
    "baseviews.BaseCRUDView._edit": (baseviews.BaseCRUDView._edit, "d761e7bd3d3ff992"),
    "baseviews.BaseCRUDView._delete": (baseviews.BaseCRUDView._delete, "8fdf8f052341e35a"),
    "baseviews.BaseCRUDView._fill_form_exclude_cols": (
        baseviews.BaseCRUDView._fill_form_exclude_cols,
        "e5a8c992ab77784e",
    ),
    "baseviews.BaseCRUDView._get_related_view_widget": (
        baseviews.BaseCRUDView._get_related_view_widget,
        "2e97f52d6b2d10fc",
    ),
    "views.ModelView": (views.ModelView, "0a0e910954823b56"),
    "views.UtilView": (views.UtilView, "dc98073410808428"),
    "urltools.get_filter_args": (urltools.get_filter_args, "5f22b3103c205d71"),
    "urltools.get_page_args": (urltools.get_page_args, "a273dd655e03df03"),
    "urltools.get_page_size_args": (urltools.get_page_size_args, "4b9c6c6022705ee5"),
    "urltools.get_order_args": (urltools.get_order_args, "3573fcda26ac658f"),
    "babel_manager.BabelManager": (babel_manager.BabelManager, "0ba5d423a499c3b7"),
    "babel_views.LocaleView": (babel_views.LocaleView, "085ca43a70087d03"),
    "AJAXSelectField": (AJAXSelectField, "31767230937c1158"),
    "TemplateFilters.is_menu_visible": (TemplateFilters.is_menu_visible, "e89578721ef45bff"),
    "TemplateFilters.is_item_visible": (TemplateFilters.is_item_visible, "6daf76b29ea9e336"),
    "BaseInterface.get_filters": (BaseInterface.get_filters, "5ac46332e30a05c4"),
    "Filters.add_filter_index": (Filters.add_filter_index, "bed152217e0a8ea2"),
    "Filters.get_joined_filters": (Filters.get_joined_filters, "2a30e9e0c0c0164b"),
    "Filters.copy": (Filters.copy, "91ade3125e4a43ac"),
    "Filters.apply_all": (Filters.apply_all, "447406aba584a47c"),
    "SQLAInterface.query": (SQLAInterface.query, "47d8b1bfa8b7d542"),
    "SQLAInterface.query_count": (SQLAInterface.query_count, "ac0f517b4531babe"),
    "SQLAInterface.get": (SQLAInterface.get, "22ae3ffef6d52c71"),
    "SQLAInterface.get_related_obj": (SQLAInterface.get_related_obj, "ec3b823f2b02c820"),
    "SQLAInterface.apply_order_by": (SQLAInterface.apply_order_by, "71fdf18dfd3699c1"),
    "SQLAInterface.apply_pagination": (SQLAInterface.apply_pagination, "928de2a75231e704"),
    "decorators.has_access": (decorators.has_access, "c943cdc958efbba4"),
    "BaseSecurityManager.register_views": (BaseSecurityManager.register_views, "0f9d1caa5a4570e3"),
    "BaseSecurityManager.create_limiter": (BaseSecurityManager.create_limiter, "a788eea76a87eec7"),
    "BaseSecurityManager.create_login_manager": (BaseSecurityManager.create_login_manager, "9b7f2f3938bb0600"),
    "BaseSecurityManager.load_user": (BaseSecurityManager.load_user, "2f050bc6a3a74f94"),
    "BaseSecurityManager.load_user_jwt": (BaseSecurityManager.load_user_jwt, "48995ee8a1baff57"),
    "BaseSecurityManager.auth_user_db": (BaseSecurityManager.auth_user_db, "a0ef38cf2f15e396"),
    "BaseSecurityManager.has_access": (BaseSecurityManager.has_access, "47d07058e3490d53"),
    "BaseSecurityManager.is_item_public": (BaseSecurityManager.is_item_public, "7226c17b23566dd6"),
    "BaseSecurityManager.before_request": (BaseSecurityManager.before_request, "716fd0646eff201c"),
    "AuthDBView.login": (AuthDBView.login, "35aa7b27214f9bd4"),
    "AuthView.logout": (AuthView.logout, "cfaa2bd916b80180"),
    "flask_login.utils.login_user": (flask_login.utils.login_user, "cb2e0c0c6567786c"),
}


def digest(thing: Any) -> str:
    return hashlib.sha256(inspect.getsource(thing).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", PINNED)
def test_what_we_override_is_what_we_read(name: str) -> None:
    thing, pinned = PINNED[name]
    assert digest(thing) == pinned, f"{name} is now {digest(thing)}: read it and our override, then pin it"
