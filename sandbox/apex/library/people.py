"""UserInfo, FeatureManagement and Security: who is running, and what he may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.apex.library.base import Library

if TYPE_CHECKING:
    from sandbox.apex.transaction import Transaction


class UserInfo(Library):
    @staticmethod
    def get_user_id(tx: Transaction) -> str:
        return tx.acting.user_id

    @staticmethod
    def get_organization_id(tx: Transaction) -> str:
        return tx.org.org_id

    @staticmethod
    def get_organization_name() -> str:
        return "Acme Support"

    @staticmethod
    def get_name(tx: Transaction) -> str:
        return str(tx.user["Name"])

    @staticmethod
    def get_first_name(tx: Transaction) -> str:
        return str(tx.user["FirstName"] or "")

    @staticmethod
    def get_last_name(tx: Transaction) -> str:
        return str(tx.user["LastName"] or "")

    @staticmethod
    def get_user_name(tx: Transaction) -> str:
        return str(tx.user["Username"])

    @staticmethod
    def get_user_email(tx: Transaction) -> str:
        return str(tx.user["Email"])

    @staticmethod
    def get_user_type(tx: Transaction) -> str:
        return str(tx.user["UserType"])

    @staticmethod
    def get_language() -> str:
        return "en_US"

    @staticmethod
    def get_locale() -> str:
        return "en_US"


class FeatureManagement(Library):
    @staticmethod
    def check_permission(tx: Transaction, name: str) -> bool:
        return tx.access.has_custom_permission(name)
