"""first tables"""

import sqlalchemy as sa
from alembic import op

import app.models.base

revision = '0001'
down_revision = None


def upgrade():

    op.create_table('ab_group',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.Column('label', sa.String(length=150), nullable=True),
    sa.Column('description', sa.String(length=512), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_group')),
    sa.UniqueConstraint('name', name=op.f('uq_ab_group_name'))
    )
    op.create_table('ab_permission',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=100), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_permission')),
    sa.UniqueConstraint('name', name=op.f('uq_ab_permission_name'))
    )
    op.create_table('ab_register_user',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('first_name', sa.String(length=64), nullable=False),
    sa.Column('last_name', sa.String(length=64), nullable=False),
    sa.Column('username', sa.String(length=128), nullable=False),
    sa.Column('password', sa.String(length=256), nullable=True),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('registration_date', sa.DateTime(), nullable=True),
    sa.Column('registration_hash', sa.String(length=256), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_register_user')),
    sa.UniqueConstraint('email', name=op.f('uq_ab_register_user_email')),
    sa.UniqueConstraint('username', name=op.f('uq_ab_register_user_username'))
    )
    op.create_table('ab_role',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_role')),
    sa.UniqueConstraint('name', name=op.f('uq_ab_role_name'))
    )
    op.create_table('ab_view_menu',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=250), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_view_menu')),
    sa.UniqueConstraint('name', name=op.f('uq_ab_view_menu_name'))
    )
    op.create_table('calendar_override',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('is_working', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_override')),
    sa.UniqueConstraint('country', 'day', name=op.f('uq_calendar_override_country_day'))
    )
    op.create_table('category',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('parent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['parent_id'], ['category.id'], name=op.f('fk_category_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_category')),
    sa.UniqueConstraint('code', name=op.f('uq_category_code'))
    )
    with op.batch_alter_table('category', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_category_parent_id'), ['parent_id'], unique=False)

    op.create_table('currency_rate',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('base', sa.String(length=3), nullable=False),
    sa.Column('quote', sa.String(length=3), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('rate', app.models.base.Fine(), nullable=False),
    sa.Column('source', sa.String(length=20), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_currency_rate')),
    sa.UniqueConstraint('base', 'quote', 'day', 'source', name=op.f('uq_currency_rate_base_quote_day_source'))
    )
    op.create_table('import_mapping',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_mapping')),
    sa.UniqueConstraint('kind', 'name', name=op.f('uq_import_mapping_kind_name'))
    )
    op.create_table('seller',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('short_name', sa.String(length=80), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('zone', sa.String(length=64), nullable=False),
    sa.Column('locale', sa.String(length=8), nullable=False),
    sa.Column('vat_payer', sa.Boolean(), nullable=False),
    sa.Column('rounding', sa.String(length=8), nullable=False),
    sa.Column('tax_code', sa.String(length=20), nullable=False),
    sa.Column('kpp', sa.String(length=9), nullable=False),
    sa.Column('ogrn', sa.String(length=15), nullable=False),
    sa.Column('vat_number', sa.String(length=20), nullable=False),
    sa.Column('address', sa.String(length=500), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('bank_name', sa.String(length=200), nullable=False),
    sa.Column('bik', sa.String(length=12), nullable=False),
    sa.Column('settlement_account', sa.String(length=40), nullable=False),
    sa.Column('correspondent_account', sa.String(length=40), nullable=False),
    sa.Column('iban', sa.String(length=34), nullable=False),
    sa.Column('director_name', sa.String(length=200), nullable=False),
    sa.Column('director_post', sa.String(length=200), nullable=False),
    sa.Column('director_name_genitive', sa.String(length=200), nullable=False),
    sa.Column('director_post_genitive', sa.String(length=200), nullable=False),
    sa.Column('accountant_name', sa.String(length=200), nullable=False),
    sa.Column('acts_on', sa.String(length=200), nullable=False),
    sa.Column('due_days', sa.Integer(), nullable=False),
    sa.Column('grace_days', sa.Integer(), nullable=False),
    sa.Column('block_days', sa.Integer(), nullable=False),
    sa.Column('number_digits', sa.Integer(), nullable=False),
    sa.Column('snapshot_id', sa.Integer(), nullable=True),
    sa.Column('document_prefix', sa.String(length=20), nullable=False),
    sa.Column('mail_from', sa.String(length=200), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("rounding IN ('carry', 'line')", name=op.f('ck_seller_rounding_known')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seller')),
    sa.UniqueConstraint('code', name=op.f('uq_seller_code'))
    )
    op.create_table('sign_in_attempt',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name_hash', sa.String(length=64), nullable=False),
    sa.Column('address_hash', sa.String(length=64), nullable=False),
    sa.Column('at', app.models.base.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_attempt'))
    )
    with op.batch_alter_table('sign_in_attempt', schema=None) as batch_op:
        batch_op.create_index('ix_sign_in_attempt_name_hash_at', ['name_hash', 'at'], unique=False)

    op.create_table('suspended_usage',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('source_id', sa.String(length=120), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('record', sa.JSON(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suspended_usage')),
    sa.UniqueConstraint('source', 'source_id', name=op.f('uq_suspended_usage_source_source_id'))
    )
    op.create_table('tax_rate',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('category', sa.String(length=20), nullable=False),
    sa.Column('rate_bp', sa.Integer(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.CheckConstraint('rate_bp >= 0', name=op.f('ck_tax_rate_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tax_rate')),
    sa.UniqueConstraint('country', 'category', 'valid_from', name=op.f('uq_tax_rate_country_category_valid_from'))
    )
    op.create_table('ab_group_role',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=True),
    sa.Column('role_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['group_id'], ['ab_group.id'], name=op.f('fk_ab_group_role_group_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['role_id'], ['ab_role.id'], name=op.f('fk_ab_group_role_role_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_group_role')),
    sa.UniqueConstraint('group_id', 'role_id', name=op.f('uq_ab_group_role_group_id_role_id'))
    )
    with op.batch_alter_table('ab_group_role', schema=None) as batch_op:
        batch_op.create_index('idx_group_id', ['group_id'], unique=False)
        batch_op.create_index('idx_group_role_id', ['role_id'], unique=False)

    op.create_table('ab_permission_view',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('permission_id', sa.Integer(), nullable=False),
    sa.Column('view_menu_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['permission_id'], ['ab_permission.id'], name=op.f('fk_ab_permission_view_permission_id')),
    sa.ForeignKeyConstraint(['view_menu_id'], ['ab_view_menu.id'], name=op.f('fk_ab_permission_view_view_menu_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_permission_view')),
    sa.UniqueConstraint('permission_id', 'view_menu_id', name=op.f('uq_ab_permission_view_permission_id_view_menu_id'))
    )
    with op.batch_alter_table('ab_permission_view', schema=None) as batch_op:
        batch_op.create_index('idx_permission_id', ['permission_id'], unique=False)
        batch_op.create_index('idx_view_menu_id', ['view_menu_id'], unique=False)

    op.create_table('billing_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('issue_on', sa.Date(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('started_by', sa.String(length=200), nullable=False),
    sa.Column('finished_at', app.models.base.Instant(), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('draft', 'running', 'done', 'cancelled')", name=op.f('ck_billing_run_state_known')),
    sa.CheckConstraint('issue_on >= month', name=op.f('ck_billing_run_issued_after_start')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_billing_run_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_billing_run')),
    sa.UniqueConstraint('seller_id', 'month', name=op.f('uq_billing_run_seller_id_month'))
    )
    with op.batch_alter_table('billing_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_billing_run_state'), ['state'], unique=False)

    op.create_table('company',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('locale', sa.String(length=8), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('address', sa.String(length=500), nullable=False),
    sa.Column('domain_prefix', sa.String(length=63), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('attributes', sa.JSON(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('active', 'suspended', 'closed')", name=op.f('ck_company_state_known')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_company_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_company')),
    sa.UniqueConstraint('code', name=op.f('uq_company_code')),
    sa.UniqueConstraint('domain_prefix', name=op.f('uq_company_domain_prefix'))
    )
    with op.batch_alter_table('company', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_company_name'), ['name'], unique=False)
        batch_op.create_index(batch_op.f('ix_company_seller_id'), ['seller_id'], unique=False)
        batch_op.create_index('ix_company_seller_id_name', ['seller_id', 'name'], unique=False)
        batch_op.create_index(batch_op.f('ix_company_state'), ['state'], unique=False)

    op.create_table('number_series',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('last_number', sa.Integer(), nullable=False),
    sa.Column('last_date', sa.Date(), nullable=True),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_number_series_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_number_series')),
    sa.UniqueConstraint('seller_id', 'kind', 'year', name=op.f('uq_number_series_seller_id_kind_year'))
    )
    op.create_table('policy',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('settings', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_policy_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_policy')),
    sa.UniqueConstraint('seller_id', 'kind', name=op.f('uq_policy_seller_id_kind'))
    )
    op.create_table('product',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('category_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('code', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('is_on_sale', sa.Boolean(), nullable=False),
    sa.Column('attributes', sa.JSON(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['category_id'], ['category.id'], name=op.f('fk_product_category_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_product_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product')),
    sa.UniqueConstraint('seller_id', 'code', name=op.f('uq_product_seller_id_code'))
    )
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_category_id'), ['category_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_product_name'), ['name'], unique=False)

    op.create_table('ab_permission_view_role',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('permission_view_id', sa.Integer(), nullable=True),
    sa.Column('role_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['permission_view_id'], ['ab_permission_view.id'], name=op.f('fk_ab_permission_view_role_permission_view_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['role_id'], ['ab_role.id'], name=op.f('fk_ab_permission_view_role_role_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_permission_view_role')),
    sa.UniqueConstraint('permission_view_id', 'role_id', name=op.f('uq_ab_permission_view_role_permission_view_id_role_id'))
    )
    with op.batch_alter_table('ab_permission_view_role', schema=None) as batch_op:
        batch_op.create_index('idx_permission_view_id', ['permission_view_id'], unique=False)
        batch_op.create_index('idx_role_id', ['role_id'], unique=False)

    op.create_table('ab_user',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('first_name', sa.String(length=64), nullable=False),
    sa.Column('last_name', sa.String(length=64), nullable=False),
    sa.Column('username', sa.String(length=128), nullable=False),
    sa.Column('password', sa.String(length=256), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=True),
    sa.Column('email', sa.String(length=320), nullable=False),
    sa.Column('last_login', sa.DateTime(), nullable=True),
    sa.Column('login_count', sa.Integer(), nullable=True),
    sa.Column('fail_login_count', sa.Integer(), nullable=True),
    sa.Column('created_on', sa.DateTime(), nullable=True),
    sa.Column('changed_on', sa.DateTime(), nullable=True),
    sa.Column('created_by_fk', sa.Integer(), nullable=True),
    sa.Column('changed_by_fk', sa.Integer(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('locale', sa.String(length=8), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('session_epoch', sa.Integer(), server_default='0', nullable=False),
    sa.Column('ended_sessions', sa.JSON(), nullable=True),
    sa.Column('locked_until', app.models.base.Instant(), nullable=True),
    sa.Column('is_first', sa.Boolean(), server_default=sa.text('(false)'), nullable=False),
    sa.ForeignKeyConstraint(['changed_by_fk'], ['ab_user.id'], name=op.f('fk_ab_user_changed_by_fk')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name='fk_ab_user_company_id'),
    sa.ForeignKeyConstraint(['created_by_fk'], ['ab_user.id'], name=op.f('fk_ab_user_created_by_fk')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_user')),
    sa.UniqueConstraint('email', name=op.f('uq_ab_user_email')),
    sa.UniqueConstraint('username', name=op.f('uq_ab_user_username'))
    )
    with op.batch_alter_table('ab_user', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ab_user_company_id'), ['company_id'], unique=False)

    op.create_table('caught_mail',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('message_id', sa.String(length=200), nullable=False),
    sa.Column('recipient', sa.String(length=200), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('attachments', sa.JSON(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_caught_mail_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_caught_mail')),
    sa.UniqueConstraint('message_id', name=op.f('uq_caught_mail_message_id'))
    )
    with op.batch_alter_table('caught_mail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_caught_mail_company_id'), ['company_id'], unique=False)

    op.create_table('outbox',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('topic', sa.String(length=30), nullable=False),
    sa.Column('payload', sa.JSON(), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', app.models.base.Instant(), nullable=False),
    sa.Column('rung_at', app.models.base.Instant(), nullable=True),
    sa.Column('error', sa.String(length=500), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'done', 'parked')", name=op.f('ck_outbox_state_known')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_outbox_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    sa.UniqueConstraint('key', name=op.f('uq_outbox_key'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_outbox_company_id'), ['company_id'], unique=False)
        batch_op.create_index('ix_outbox_state_due_at', ['state', 'due_at'], unique=False)

    op.create_table('party_snapshot',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('data', sa.JSON(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_party_snapshot_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_party_snapshot')),
    sa.UniqueConstraint('digest', name=op.f('uq_party_snapshot_digest'))
    )
    with op.batch_alter_table('party_snapshot', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_party_snapshot_company_id'), ['company_id'], unique=False)

    op.create_table('payer',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('locale', sa.String(length=8), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('contact_person', sa.String(length=200), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('fax', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('get_in_cabinet', sa.Boolean(), nullable=False),
    sa.Column('get_by_post', sa.Boolean(), nullable=False),
    sa.Column('get_by_email', sa.Boolean(), nullable=False),
    sa.Column('legal_country', sa.String(length=2), nullable=False),
    sa.Column('legal_postal_code', sa.String(length=12), nullable=False),
    sa.Column('legal_city', sa.String(length=120), nullable=False),
    sa.Column('legal_address', sa.String(length=400), nullable=False),
    sa.Column('actual_same_as_legal', sa.Boolean(), nullable=False),
    sa.Column('actual_country', sa.String(length=2), nullable=False),
    sa.Column('actual_postal_code', sa.String(length=12), nullable=False),
    sa.Column('actual_city', sa.String(length=120), nullable=False),
    sa.Column('actual_address', sa.String(length=400), nullable=False),
    sa.Column('tax_code', sa.String(length=20), nullable=False),
    sa.Column('kpp', sa.String(length=9), nullable=False),
    sa.Column('ogrn', sa.String(length=15), nullable=False),
    sa.Column('okpo', sa.String(length=14), nullable=False),
    sa.Column('vat_number', sa.String(length=20), nullable=False),
    sa.Column('bank_name', sa.String(length=200), nullable=False),
    sa.Column('bik', sa.String(length=12), nullable=False),
    sa.Column('settlement_account', sa.String(length=40), nullable=False),
    sa.Column('correspondent_account', sa.String(length=40), nullable=False),
    sa.Column('iban', sa.String(length=34), nullable=False),
    sa.Column('bookkeeping_note', sa.String(length=500), nullable=False),
    sa.Column('director_name', sa.String(length=200), nullable=False),
    sa.Column('director_post', sa.String(length=200), nullable=False),
    sa.Column('director_name_genitive', sa.String(length=200), nullable=False),
    sa.Column('director_post_genitive', sa.String(length=200), nullable=False),
    sa.Column('director_name_dative', sa.String(length=200), nullable=False),
    sa.Column('director_post_dative', sa.String(length=200), nullable=False),
    sa.Column('acts_on', sa.String(length=200), nullable=False),
    sa.Column('passport', sa.String(length=40), nullable=False),
    sa.Column('passport_issued_on', sa.Date(), nullable=True),
    sa.Column('passport_issued_by', sa.String(length=300), nullable=False),
    sa.Column('birth_date', sa.Date(), nullable=True),
    sa.Column('registration_city', sa.String(length=120), nullable=False),
    sa.Column('registration_address', sa.String(length=400), nullable=False),
    sa.Column('snapshot_id', sa.Integer(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("kind IN ('individual', 'legal_entity', 'sole_proprietor')", name=op.f('ck_payer_kind_known')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_payer_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payer'))
    )
    with op.batch_alter_table('payer', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payer_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payer_name'), ['name'], unique=False)
        batch_op.create_index(batch_op.f('ix_payer_tax_code'), ['tax_code'], unique=False)

    op.create_table('plan',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('tax_included', sa.Boolean(), nullable=False),
    sa.Column('tax_category', sa.String(length=20), nullable=False),
    sa.Column('period_months', sa.Integer(), nullable=False),
    sa.Column('trial_days', sa.Integer(), nullable=False),
    sa.Column('is_on_sale', sa.Boolean(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_plan_product_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_plan_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_plan')),
    sa.UniqueConstraint('seller_id', 'code', name=op.f('uq_plan_seller_id_code'))
    )
    with op.batch_alter_table('plan', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_plan_name'), ['name'], unique=False)
        batch_op.create_index(batch_op.f('ix_plan_product_id'), ['product_id'], unique=False)

    op.create_table('promotion',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('percent_bp', sa.Integer(), nullable=False),
    sa.Column('amount', app.models.base.Cents(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('use_limit', sa.Integer(), nullable=True),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.Column('minimum_sum', app.models.base.Cents(), nullable=False),
    sa.Column('first_purchase_only', sa.Boolean(), nullable=False),
    sa.Column('product_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint('percent_bp >= 0 AND percent_bp <= 10000', name=op.f('ck_promotion_percent_known')),
    sa.CheckConstraint('use_limit IS NULL OR used <= use_limit', name=op.f('ck_promotion_within_limit')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_promotion_product_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_promotion_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_promotion')),
    sa.UniqueConstraint('code', name=op.f('uq_promotion_code'))
    )
    with op.batch_alter_table('promotion', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_promotion_product_id'), ['product_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_promotion_seller_id'), ['seller_id'], unique=False)

    op.create_table('ab_api_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uuid', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=256), nullable=False),
    sa.Column('key_hash', sa.String(length=256), nullable=False),
    sa.Column('lookup_hash', sa.String(length=256), nullable=True),
    sa.Column('key_prefix', sa.String(length=16), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('scopes', sa.Text(), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('created_on', sa.DateTime(), nullable=True),
    sa.Column('expires_on', sa.DateTime(), nullable=True),
    sa.Column('revoked_on', sa.DateTime(), nullable=True),
    sa.Column('last_used_on', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_ab_api_key_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_api_key')),
    sa.UniqueConstraint('lookup_hash', name=op.f('uq_ab_api_key_lookup_hash')),
    sa.UniqueConstraint('uuid', name=op.f('uq_ab_api_key_uuid'))
    )
    with op.batch_alter_table('ab_api_key', schema=None) as batch_op:
        batch_op.create_index('idx_api_key_lookup_hash', ['lookup_hash'], unique=True)
        batch_op.create_index('idx_api_key_prefix', ['key_prefix'], unique=False)
        batch_op.create_index('idx_api_key_user_id', ['user_id'], unique=False)

    op.create_table('ab_user_group',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('group_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['group_id'], ['ab_group.id'], name=op.f('fk_ab_user_group_group_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_ab_user_group_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_user_group')),
    sa.UniqueConstraint('user_id', 'group_id', name=op.f('uq_ab_user_group_user_id_group_id'))
    )
    with op.batch_alter_table('ab_user_group', schema=None) as batch_op:
        batch_op.create_index('idx_user_group_id', ['group_id'], unique=False)
        batch_op.create_index('idx_user_id', ['user_id'], unique=False)

    op.create_table('ab_user_role',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('role_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['role_id'], ['ab_role.id'], name=op.f('fk_ab_user_role_role_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_ab_user_role_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ab_user_role')),
    sa.UniqueConstraint('user_id', 'role_id', name=op.f('uq_ab_user_role_user_id_role_id'))
    )
    op.create_table('audit_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('actor', sa.String(length=200), nullable=False),
    sa.Column('action', sa.String(length=60), nullable=False),
    sa.Column('target', sa.String(length=60), nullable=False),
    sa.Column('target_id', sa.String(length=40), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('at', app.models.base.Instant(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_audit_event_company_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_audit_event_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_event'))
    )
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_event_action'), ['action'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_event_company_id'), ['company_id'], unique=False)
        batch_op.create_index('ix_audit_event_target_target_id', ['target', 'target_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_event_user_id'), ['user_id'], unique=False)

    op.create_table('cart',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('promo_code', sa.String(length=64), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_cart_company_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_cart_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cart')),
    sa.UniqueConstraint('key', name=op.f('uq_cart_key'))
    )
    with op.batch_alter_table('cart', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cart_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cart_user_id'), ['user_id'], unique=False)

    op.create_table('component',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=120), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('charged', sa.String(length=8), nullable=False),
    sa.Column('model', sa.String(length=10), nullable=False),
    sa.Column('included', app.models.base.Fine(), nullable=False),
    sa.Column('minimum', app.models.base.Fine(), nullable=True),
    sa.Column('maximum', app.models.base.Fine(), nullable=True),
    sa.Column('step', app.models.base.Fine(), nullable=True),
    sa.CheckConstraint("charged IN ('period', 'usage', 'once')", name=op.f('ck_component_charged_known')),
    sa.CheckConstraint("model IN ('flat', 'per_unit', 'tiered', 'volume')", name=op.f('ck_component_model_known')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_component_plan_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_component')),
    sa.UniqueConstraint('plan_id', 'code', name=op.f('uq_component_plan_id_code'))
    )
    op.create_table('contract',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=False),
    sa.Column('signed_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_contract_company_id')),
    sa.ForeignKeyConstraint(['payer_id'], ['payer.id'], name=op.f('fk_contract_payer_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_contract_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contract')),
    sa.UniqueConstraint('seller_id', 'number', name=op.f('uq_contract_seller_id_number'))
    )
    with op.batch_alter_table('contract', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contract_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_contract_payer_id'), ['payer_id'], unique=False)

    op.create_table('job',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('title', sa.String(length=255), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('params', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('message', sa.String(length=500), nullable=False),
    sa.Column('result', sa.JSON(), nullable=True),
    sa.Column('cancel_asked', sa.Boolean(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=True),
    sa.Column('rung_at', app.models.base.Instant(), nullable=True),
    sa.Column('started_at', app.models.base.Instant(), nullable=True),
    sa.Column('beat_at', app.models.base.Instant(), nullable=True),
    sa.Column('finished_at', app.models.base.Instant(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f('ck_job_state_known')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_job_company_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_job_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job')),
    sa.UniqueConstraint('key', name=op.f('uq_job_key'))
    )
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_job_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_job_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_job_user_id'), ['user_id'], unique=False)

    op.create_table('notice',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('event', sa.String(length=60), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('recipient', sa.String(length=200), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=False),
    sa.Column('sent_at', app.models.base.Instant(), nullable=True),
    sa.Column('read_at', app.models.base.Instant(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_notice_company_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_notice_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice')),
    sa.UniqueConstraint('key', name=op.f('uq_notice_key'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_notice_user_id'), ['user_id'], unique=False)

    op.create_table('notice_preference',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('notice_class', sa.String(length=20), nullable=False),
    sa.Column('channel', sa.String(length=12), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_notice_preference_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice_preference')),
    sa.UniqueConstraint('user_id', 'notice_class', 'channel', name=op.f('uq_notice_preference_user_id_notice_class_channel'))
    )
    op.create_table('payment_method',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('gateway', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('mask', sa.String(length=40), nullable=False),
    sa.Column('token', sa.String(length=255), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('monthly_maximum', app.models.base.Cents(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('setting_up', 'working', 'not_working')", name=op.f('ck_payment_method_state_known')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_payment_method_company_id')),
    sa.ForeignKeyConstraint(['payer_id'], ['payer.id'], name=op.f('fk_payment_method_payer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_method'))
    )
    with op.batch_alter_table('payment_method', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_method_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_method_payer_id'), ['payer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_method_state'), ['state'], unique=False)

    op.create_table('user_right',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('right', sa.String(length=60), nullable=False),
    sa.Column('is_on', sa.Boolean(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_user_right_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_right')),
    sa.UniqueConstraint('user_id', 'right', name=op.f('uq_user_right_user_id_right'))
    )
    op.create_table('account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contract_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('delivery', sa.String(length=12), nullable=False),
    sa.Column('delivery_format', sa.String(length=12), nullable=False),
    sa.Column('delivery_addresses', sa.String(length=200), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("delivery IN ('collect', 'email')", name=op.f('ck_account_delivery_known')),
    sa.CheckConstraint("delivery_format IN ('pdf', 'xlsx', 'xlsx_split')", name=op.f('ck_account_delivery_format_known')),
    sa.CheckConstraint("state IN ('active', 'suspended', 'closed')", name=op.f('ck_account_state_known')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_account_company_id')),
    sa.ForeignKeyConstraint(['contract_id'], ['contract.id'], name=op.f('fk_account_contract_id')),
    sa.ForeignKeyConstraint(['payer_id'], ['payer.id'], name=op.f('fk_account_payer_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_account_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('company_id', 'id', name=op.f('uq_account_company_id_id')),
    sa.UniqueConstraint('company_id', 'seller_id', 'id', name='uq_account_company_id_seller_id'),
    sa.UniqueConstraint('number', name=op.f('uq_account_number'))
    )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_account_contract_id'), ['contract_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_account_payer_id'), ['payer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_account_seller_id'), ['seller_id'], unique=False)

    op.create_table('cart_item',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('cart_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('quantity', app.models.base.Fine(), nullable=False),
    sa.Column('months', sa.Integer(), nullable=False),
    sa.Column('parameters', sa.JSON(), nullable=False),
    sa.Column('is_selected', sa.Boolean(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['cart_id'], ['cart.id'], name=op.f('fk_cart_item_cart_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_cart_item_company_id')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_cart_item_plan_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cart_item'))
    )
    with op.batch_alter_table('cart_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_cart_item_cart_id'), ['cart_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cart_item_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_cart_item_plan_id'), ['plan_id'], unique=False)

    op.create_table('import_batch',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('file_name', sa.String(length=255), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('mapping', sa.JSON(), nullable=False),
    sa.Column('options', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('accepted', sa.Integer(), nullable=False),
    sa.Column('rejected', sa.Integer(), nullable=False),
    sa.Column('warned', sa.Integer(), nullable=False),
    sa.Column('applied_through', sa.Integer(), nullable=False),
    sa.Column('job_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('rejects_sha256', sa.String(length=64), nullable=False),
    sa.Column('created_by', sa.String(length=200), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_import_batch_company_id')),
    sa.ForeignKeyConstraint(['job_id'], ['job.id'], name=op.f('fk_import_batch_job_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_import_batch_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch'))
    )
    with op.batch_alter_table('import_batch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_import_batch_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_batch_job_id'), ['job_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_batch_seller_id'), ['seller_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_import_batch_sha256'), ['sha256'], unique=False)

    op.create_table('price_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('component_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('unit_price', app.models.base.Fine(), nullable=False),
    sa.Column('per_quantity', sa.Integer(), nullable=False),
    sa.Column('tiers', sa.JSON(), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint('per_quantity > 0', name=op.f('ck_price_version_per_positive')),
    sa.CheckConstraint('valid_to IS NULL OR valid_to > valid_from', name=op.f('ck_price_version_in_order')),
    sa.ForeignKeyConstraint(['component_id'], ['component.id'], name=op.f('fk_price_version_component_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_price_version')),
    sa.UniqueConstraint('component_id', 'valid_from', name=op.f('uq_price_version_component_id_valid_from'))
    )
    op.create_table('credit_limit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('amount', app.models.base.Cents(), nullable=False),
    sa.Column('used', app.models.base.Cents(), nullable=False),
    sa.Column('blocked_on', sa.Date(), nullable=True),
    sa.CheckConstraint('amount >= 0', name=op.f('ck_credit_limit_not_negative')),
    sa.CheckConstraint('used >= 0 AND used <= amount', name=op.f('ck_credit_limit_within')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_credit_limit_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_credit_limit_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit_limit')),
    sa.UniqueConstraint('account_id', name=op.f('uq_credit_limit_account_id'))
    )
    with op.batch_alter_table('credit_limit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credit_limit_company_id'), ['company_id'], unique=False)

    op.create_table('delivery_change',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('valid_from', app.models.base.Instant(), nullable=False),
    sa.Column('delivery', sa.String(length=12), nullable=False),
    sa.Column('delivery_format', sa.String(length=12), nullable=False),
    sa.Column('delivery_addresses', sa.String(length=200), nullable=False),
    sa.Column('changed_by', sa.String(length=200), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_delivery_change_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_delivery_change_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery_change'))
    )
    with op.batch_alter_table('delivery_change', schema=None) as batch_op:
        batch_op.create_index('ix_delivery_change_account_id_valid_from', ['account_id', 'valid_from'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_change_company_id'), ['company_id'], unique=False)

    op.create_table('document',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('contract_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('basis_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('corrects_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=True),
    sa.Column('sequence', sa.Integer(), nullable=True),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('period_start', sa.Date(), nullable=False),
    sa.Column('period_end', sa.Date(), nullable=False),
    sa.Column('occurrence', sa.Integer(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('locale', sa.String(length=8), nullable=False),
    sa.Column('net', app.models.base.Cents(), nullable=False),
    sa.Column('tax', app.models.base.Cents(), nullable=False),
    sa.Column('total', app.models.base.Cents(), nullable=False),
    sa.Column('paid', app.models.base.Cents(), nullable=False),
    sa.Column('settlement', sa.String(length=8), nullable=False),
    sa.Column('seller_snapshot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('payer_snapshot_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('data', sa.JSON(), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("kind IN ('invoice', 'act', 'credit_note', 'correction_act', 'reconciliation', 'charges')", name=op.f('ck_document_kind_known')),
    sa.CheckConstraint("settlement IN ('unpaid', 'partly', 'paid')", name=op.f('ck_document_settlement_known')),
    sa.CheckConstraint("state IN ('draft', 'issued', 'cancelled')", name=op.f('ck_document_state_known')),
    sa.CheckConstraint('net + tax = total', name=op.f('ck_document_adds_up')),
    sa.CheckConstraint('period_end > period_start', name=op.f('ck_document_in_order')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_document_account_id')),
    sa.ForeignKeyConstraint(['basis_id'], ['document.id'], name=op.f('fk_document_basis_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_document_company_id')),
    sa.ForeignKeyConstraint(['contract_id'], ['contract.id'], name=op.f('fk_document_contract_id')),
    sa.ForeignKeyConstraint(['corrects_id'], ['document.id'], name=op.f('fk_document_corrects_id')),
    sa.ForeignKeyConstraint(['payer_id'], ['payer.id'], name=op.f('fk_document_payer_id')),
    sa.ForeignKeyConstraint(['payer_snapshot_id'], ['party_snapshot.id'], name=op.f('fk_document_payer_snapshot_id')),
    sa.ForeignKeyConstraint(['run_id'], ['billing_run.id'], name=op.f('fk_document_run_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_document_seller_id')),
    sa.ForeignKeyConstraint(['seller_snapshot_id'], ['party_snapshot.id'], name=op.f('fk_document_seller_snapshot_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document')),
    sa.UniqueConstraint('company_id', 'id', name=op.f('uq_document_company_id_id')),
    sa.UniqueConstraint('number', 'seller_id', 'kind', name=op.f('uq_document_number_seller_id_kind'))
    )
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.create_index('ix_document_basis_id', ['basis_id'], unique=False, sqlite_where=sa.text('basis_id IS NOT NULL'), postgresql_where=sa.text('basis_id IS NOT NULL'))
        batch_op.create_index('ix_document_company_id_issued_on', ['company_id', 'issued_on', 'id'], unique=False)
        batch_op.create_index('ix_document_issued_on_id', ['issued_on', 'id'], unique=False)
        batch_op.create_index('ix_document_run_id_account_id', ['run_id', 'account_id'], unique=False)
        batch_op.create_index('ix_document_unpaid', ['account_id', 'due_on', 'company_id', 'state', 'total', 'paid'], unique=False, sqlite_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"), postgresql_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"))
        batch_op.create_index('ix_document_unpaid_due_on', ['due_on'], unique=False, sqlite_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"), postgresql_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"))
        batch_op.create_index('uq_document_period', ['account_id', 'kind', 'period_start', 'occurrence'], unique=True, sqlite_where=sa.text('run_id IS NOT NULL'), postgresql_where=sa.text('run_id IS NOT NULL'))

    op.create_table('instalment_plan',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('total', app.models.base.Cents(), nullable=False),
    sa.Column('down_payment', app.models.base.Cents(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint('total > 0 AND down_payment >= 0 AND down_payment <= total', name=op.f('ck_instalment_plan_sums')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_instalment_plan_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_instalment_plan_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instalment_plan'))
    )
    with op.batch_alter_table('instalment_plan', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_instalment_plan_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_instalment_plan_company_id'), ['company_id'], unique=False)

    op.create_table('ledger_account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("kind IN ('receivable', 'advances', 'revenue', 'vat', 'clearing', 'fees', 'write_off', 'marketing')", name=op.f('ck_ledger_account_kind_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_ledger_account_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_ledger_account_company_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_ledger_account_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ledger_account'))
    )
    with op.batch_alter_table('ledger_account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ledger_account_company_id'), ['company_id'], unique=False)
        batch_op.create_index('uq_ledger_account_of_account', ['account_id', 'kind', 'currency'], unique=True)
        batch_op.create_index('uq_ledger_account_of_seller', ['seller_id', 'kind', 'currency'], unique=True, sqlite_where=sa.text('account_id IS NULL'), postgresql_where=sa.text('account_id IS NULL'))

    op.create_table('orders',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=False),
    sa.Column('idempotency_key', sa.String(length=255), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('total', app.models.base.Cents(), nullable=False),
    sa.Column('tax', app.models.base.Cents(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('ordered_at', app.models.base.Instant(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'paid', 'fulfilled', 'cancelled')", name=op.f('ck_orders_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_orders_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_orders_company_id')),
    sa.ForeignKeyConstraint(['payer_id'], ['payer.id'], name=op.f('fk_orders_payer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
    sa.UniqueConstraint('company_id', 'idempotency_key', name=op.f('uq_orders_company_id_idempotency_key')),
    sa.UniqueConstraint('number', name=op.f('uq_orders_number'))
    )
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_orders_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_payer_id'), ['payer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_orders_state'), ['state'], unique=False)

    op.create_table('payment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('number', sa.String(length=60), nullable=True),
    sa.Column('sequence', sa.Integer(), nullable=True),
    sa.Column('method', sa.String(length=40), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount', app.models.base.Cents(), nullable=False),
    sa.Column('used', app.models.base.Cents(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('purpose', sa.String(length=500), nullable=False),
    sa.Column('reference', sa.String(length=120), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=False),
    sa.Column('details', sa.JSON(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('new', 'unconfirmed', 'credited', 'refused', 'reversed')", name=op.f('ck_payment_state_known')),
    sa.CheckConstraint('amount > 0', name=op.f('ck_payment_positive')),
    sa.CheckConstraint('used >= 0 AND used <= amount', name=op.f('ck_payment_within')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_payment_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_payment_company_id')),
    sa.ForeignKeyConstraint(['payer_id'], ['payer.id'], name=op.f('fk_payment_payer_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_payment_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('key', name=op.f('uq_payment_key')),
    sa.UniqueConstraint('seller_id', 'number', name=op.f('uq_payment_seller_id_number'))
    )
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.create_index('ix_payment_account_id_paid_on', ['account_id', 'paid_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_company_id'), ['company_id'], unique=False)
        batch_op.create_index('ix_payment_paid_on_id', ['paid_on', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_payer_id'), ['payer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_state'), ['state'], unique=False)

    op.create_table('run_item',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('reason_params', sa.JSON(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('pending', 'done', 'nothing', 'quarantined')", name=op.f('ck_run_item_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_run_item_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_run_item_company_id')),
    sa.ForeignKeyConstraint(['run_id'], ['billing_run.id'], name=op.f('fk_run_item_run_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_run_item')),
    sa.UniqueConstraint('run_id', 'account_id', name=op.f('uq_run_item_run_id_account_id'))
    )
    with op.batch_alter_table('run_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_run_item_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_run_item_company_id'), ['company_id'], unique=False)
        batch_op.create_index('ix_run_item_run_id_state', ['run_id', 'state', 'id'], unique=False)

    op.create_table('subscriber',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.String(length=32), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('active', 'blocked', 'released')", name=op.f('ck_subscriber_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_subscriber_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_subscriber_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber')),
    sa.UniqueConstraint('number', name=op.f('uq_subscriber_number'))
    )
    with op.batch_alter_table('subscriber', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscriber_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscriber_company_id'), ['company_id'], unique=False)
        batch_op.create_index('ix_subscriber_company_id_name', ['company_id', 'name'], unique=False)
        batch_op.create_index('ix_subscriber_company_id_number', ['company_id', 'number'], unique=False)
        batch_op.create_index('ix_subscriber_name', ['name'], unique=False)

    op.create_table('allocation',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('amount', app.models.base.Cents(), nullable=False),
    sa.Column('allocated_on', sa.Date(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_allocation_positive')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_allocation_company_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_allocation_document_id')),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_allocation_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_allocation')),
    sa.UniqueConstraint('payment_id', 'document_id', name=op.f('uq_allocation_payment_id_document_id'))
    )
    with op.batch_alter_table('allocation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_allocation_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_allocation_document_id'), ['document_id'], unique=False)

    op.create_table('bank_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=160), nullable=False),
    sa.Column('booked_on', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount', app.models.base.Cents(), nullable=False),
    sa.Column('counterparty', sa.String(length=255), nullable=False),
    sa.Column('tax_code', sa.String(length=20), nullable=False),
    sa.Column('purpose', sa.String(length=500), nullable=False),
    sa.Column('payment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_bank_line_payment_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_bank_line_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_line')),
    sa.UniqueConstraint('key', name=op.f('uq_bank_line_key'))
    )
    with op.batch_alter_table('bank_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_bank_line_payment_id'), ['payment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_bank_line_seller_id'), ['seller_id'], unique=False)

    op.create_table('delivery',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('format', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('sent_at', app.models.base.Instant(), nullable=True),
    sa.Column('message_id', sa.String(length=120), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_delivery_company_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_delivery_document_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delivery')),
    sa.UniqueConstraint('message_id', name=op.f('uq_delivery_message_id'))
    )
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_document_id'), ['document_id'], unique=False)

    op.create_table('document_file',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('format', sa.String(length=8), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_document_file_company_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_document_file_document_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document_file')),
    sa.UniqueConstraint('document_id', 'format', name=op.f('uq_document_file_document_id_format'))
    )
    with op.batch_alter_table('document_file', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_document_file_company_id'), ['company_id'], unique=False)

    op.create_table('document_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('quantity', app.models.base.Fine(), nullable=False),
    sa.Column('unit_price', app.models.base.Fine(), nullable=False),
    sa.Column('amount', app.models.base.Fine(), nullable=False),
    sa.Column('tax_bp', sa.Integer(), nullable=True),
    sa.Column('net', app.models.base.Cents(), nullable=False),
    sa.Column('tax', app.models.base.Cents(), nullable=False),
    sa.Column('gross', app.models.base.Cents(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint('net + tax = gross', name=op.f('ck_document_line_adds_up')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_document_line_company_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_document_line_document_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document_line')),
    sa.UniqueConstraint('document_id', 'position', name=op.f('uq_document_line_document_id_position'))
    )
    with op.batch_alter_table('document_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_document_line_company_id'), ['company_id'], unique=False)

    op.create_table('entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('payment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('key', sa.String(length=120), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("kind IN ('billed', 'corrected', 'paid', 'allocated', 'reversed', 'refunded', 'opening')", name=op.f('ck_entry_kind_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_entry_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_entry_company_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_entry_document_id')),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_entry_payment_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_entry_seller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_entry')),
    sa.UniqueConstraint('company_id', 'id', name=op.f('uq_entry_company_id_id')),
    sa.UniqueConstraint('key', name=op.f('uq_entry_key'))
    )
    with op.batch_alter_table('entry', schema=None) as batch_op:
        batch_op.create_index('ix_entry_account_id_happened_on', ['account_id', 'happened_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_entry_document_id'), ['document_id'], unique=False)
        batch_op.create_index('ix_entry_payment_id', ['payment_id'], unique=False, sqlite_where=sa.text('payment_id IS NOT NULL'), postgresql_where=sa.text('payment_id IS NOT NULL'))

    op.create_table('instalment_part',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('amount', app.models.base.Cents(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('planned', 'invoiced', 'paid')", name=op.f('ck_instalment_part_state_known')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_instalment_part_company_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_instalment_part_document_id')),
    sa.ForeignKeyConstraint(['plan_id'], ['instalment_plan.id'], name=op.f('fk_instalment_part_plan_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instalment_part')),
    sa.UniqueConstraint('plan_id', 'due_on', name=op.f('uq_instalment_part_plan_id_due_on'))
    )
    with op.batch_alter_table('instalment_part', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_instalment_part_company_id'), ['company_id'], unique=False)

    op.create_table('option',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscriber_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('component_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_option_company_id')),
    sa.ForeignKeyConstraint(['component_id'], ['component.id'], name=op.f('fk_option_component_id')),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_option_subscriber_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_option')),
    sa.UniqueConstraint('subscriber_id', 'component_id', 'valid_from', name=op.f('uq_option_subscriber_id_component_id_valid_from'))
    )
    with op.batch_alter_table('option', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_option_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_option_component_id'), ['component_id'], unique=False)

    op.create_table('request',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('parent_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('subscriber_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('component_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=30), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=True),
    sa.Column('asked_by', sa.Integer(), nullable=True),
    sa.Column('done_at', app.models.base.Instant(), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('new', 'queued', 'sent', 'done', 'rejected', 'failed', 'cancelled')", name=op.f('ck_request_state_known')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_request_account_id')),
    sa.ForeignKeyConstraint(['asked_by'], ['ab_user.id'], name=op.f('fk_request_asked_by')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_request_company_id')),
    sa.ForeignKeyConstraint(['component_id'], ['component.id'], name=op.f('fk_request_component_id')),
    sa.ForeignKeyConstraint(['parent_id'], ['request.id'], name=op.f('fk_request_parent_id')),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_request_subscriber_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request'))
    )
    with op.batch_alter_table('request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_request_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_component_id'), ['component_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_request_subscriber_id'), ['subscriber_id'], unique=False)
        batch_op.create_index('uq_request_open_option', ['subscriber_id', 'component_id'], unique=True, sqlite_where=sa.text("state IN ('new', 'queued', 'sent') AND component_id IS NOT NULL"), postgresql_where=sa.text("state IN ('new', 'queued', 'sent') AND component_id IS NOT NULL"))

    op.create_table('subscription',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscriber_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('quantity', app.models.base.Fine(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('paid_until', sa.Date(), nullable=True),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('auto_renew', sa.Boolean(), nullable=False),
    sa.Column('payment_method_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('ordered', 'processing', 'needs_setup', 'active', 'suspended', 'stopped', 'ended', 'out_of_stock')", name=op.f('ck_subscription_state_known')),
    sa.CheckConstraint('ends_on IS NULL OR ends_on >= starts_on', name=op.f('ck_subscription_in_order')),
    sa.CheckConstraint('quantity >= 0', name=op.f('ck_subscription_not_negative')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_subscription_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_subscription_company_id')),
    sa.ForeignKeyConstraint(['payment_method_id'], ['payment_method.id'], name=op.f('fk_subscription_payment_method_id')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_subscription_plan_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_subscription_seller_id')),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_subscription_subscriber_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription'))
    )
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_payment_method_id'), ['payment_method_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_plan_id'), ['plan_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_seller_id'), ['seller_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_subscriber_id'), ['subscriber_id'], unique=False)

    op.create_table('charge',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seller_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscriber_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('component_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('promotion_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('document_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('starts_on', sa.Date(), nullable=False),
    sa.Column('ends_on', sa.Date(), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('quantity', app.models.base.Fine(), nullable=False),
    sa.Column('unit_price', app.models.base.Fine(), nullable=False),
    sa.Column('amount', app.models.base.Fine(), nullable=False),
    sa.Column('tax_bp', sa.Integer(), nullable=True),
    sa.Column('tax_included', sa.Boolean(), nullable=False),
    sa.Column('price_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('explained', sa.JSON(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint('ends_on > starts_on', name=op.f('ck_charge_in_order')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_charge_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_charge_company_id')),
    sa.ForeignKeyConstraint(['component_id'], ['component.id'], name=op.f('fk_charge_component_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_charge_document_id')),
    sa.ForeignKeyConstraint(['price_version_id'], ['price_version.id'], name=op.f('fk_charge_price_version_id')),
    sa.ForeignKeyConstraint(['promotion_id'], ['promotion.id'], name=op.f('fk_charge_promotion_id')),
    sa.ForeignKeyConstraint(['seller_id'], ['seller.id'], name=op.f('fk_charge_seller_id')),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_charge_subscriber_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_charge_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_charge'))
    )
    with op.batch_alter_table('charge', schema=None) as batch_op:
        batch_op.create_index('ix_charge_account_id_month', ['account_id', 'month', 'subscriber_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_charge_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_charge_document_id'), ['document_id'], unique=False)
        batch_op.create_index('ix_charge_subscription_id_month', ['subscription_id', 'month'], unique=False)

    op.create_table('expected_payment',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('payment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('bank_line_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('matched_at', app.models.base.Instant(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['bank_line_id'], ['bank_line.id'], name=op.f('fk_expected_payment_bank_line_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_expected_payment_company_id')),
    sa.ForeignKeyConstraint(['payment_id'], ['payment.id'], name=op.f('fk_expected_payment_payment_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expected_payment')),
    sa.UniqueConstraint('payment_id', name=op.f('uq_expected_payment_payment_id'))
    )
    with op.batch_alter_table('expected_payment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_expected_payment_bank_line_id'), ['bank_line_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_expected_payment_company_id'), ['company_id'], unique=False)

    op.create_table('extension',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('period_start', sa.Date(), nullable=False),
    sa.Column('starts_at', app.models.base.Instant(), nullable=False),
    sa.Column('ends_at', app.models.base.Instant(), nullable=False),
    sa.Column('sessions', sa.Integer(), nullable=False),
    sa.Column('bases', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_extension_company_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_extension_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_extension')),
    sa.UniqueConstraint('subscription_id', 'period_start', name=op.f('uq_extension_subscription_id_period_start'))
    )
    with op.batch_alter_table('extension', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_extension_company_id'), ['company_id'], unique=False)

    op.create_table('order_line',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('order_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('plan_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('quantity', app.models.base.Fine(), nullable=False),
    sa.Column('months', sa.Integer(), nullable=False),
    sa.Column('total', app.models.base.Cents(), nullable=False),
    sa.Column('parameters', sa.JSON(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_order_line_company_id')),
    sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_line_order_id')),
    sa.ForeignKeyConstraint(['plan_id'], ['plan.id'], name=op.f('fk_order_line_plan_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_order_line_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_line'))
    )
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_order_line_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_order_line_order_id'), ['order_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_order_line_plan_id'), ['plan_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_order_line_subscription_id'), ['subscription_id'], unique=False)

    op.create_table('posting',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('debit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('credit_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=False),
    sa.Column('currency', sa.String(length=3), nullable=False),
    sa.Column('amount', app.models.base.Cents(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_posting_positive')),
    sa.CheckConstraint('debit_id <> credit_id', name=op.f('ck_posting_two_sides')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_posting_company_id')),
    sa.ForeignKeyConstraint(['credit_id'], ['ledger_account.id'], name=op.f('fk_posting_credit_id')),
    sa.ForeignKeyConstraint(['debit_id'], ['ledger_account.id'], name=op.f('fk_posting_debit_id')),
    sa.ForeignKeyConstraint(['entry_id'], ['entry.id'], name=op.f('fk_posting_entry_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_posting'))
    )
    with op.batch_alter_table('posting', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_posting_company_id'), ['company_id'], unique=False)
        batch_op.create_index('ix_posting_credit_id_happened_on', ['credit_id', 'happened_on', 'amount'], unique=False)
        batch_op.create_index('ix_posting_debit_id_happened_on', ['debit_id', 'happened_on', 'amount'], unique=False)
        batch_op.create_index(batch_op.f('ix_posting_entry_id'), ['entry_id'], unique=False)

    op.create_table('seat',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('assigned_at', app.models.base.Instant(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_seat_company_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_seat_subscription_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_seat_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_seat')),
    sa.UniqueConstraint('subscription_id', 'user_id', name=op.f('uq_seat_subscription_id_user_id'))
    )
    with op.batch_alter_table('seat', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_seat_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_seat_user_id'), ['user_id'], unique=False)

    op.create_table('subscriber_name',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscriber_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('request_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('old_name', sa.String(length=200), nullable=False),
    sa.Column('new_name', sa.String(length=200), nullable=False),
    sa.Column('changed_at', app.models.base.Instant(), nullable=False),
    sa.Column('changed_by', sa.String(length=200), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_subscriber_name_company_id')),
    sa.ForeignKeyConstraint(['request_id'], ['request.id'], name=op.f('fk_subscriber_name_request_id')),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_subscriber_name_subscriber_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber_name'))
    )
    with op.batch_alter_table('subscriber_name', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscriber_name_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscriber_name_request_id'), ['request_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscriber_name_subscriber_id'), ['subscriber_id'], unique=False)

    op.create_table('subscription_item',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('component_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('quantity', app.models.base.Fine(), nullable=False),
    sa.Column('unit_price', app.models.base.Fine(), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint('quantity >= 0', name=op.f('ck_subscription_item_not_negative')),
    sa.CheckConstraint('valid_to IS NULL OR valid_to > valid_from', name=op.f('ck_subscription_item_in_order')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_subscription_item_company_id')),
    sa.ForeignKeyConstraint(['component_id'], ['component.id'], name=op.f('fk_subscription_item_component_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_subscription_item_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription_item'))
    )
    with op.batch_alter_table('subscription_item', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_item_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_item_component_id'), ['component_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_item_subscription_id'), ['subscription_id'], unique=False)

    op.create_table('subscription_promotion',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('promotion_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_subscription_promotion_company_id')),
    sa.ForeignKeyConstraint(['promotion_id'], ['promotion.id'], name=op.f('fk_subscription_promotion_promotion_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_subscription_promotion_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription_promotion'))
    )
    with op.batch_alter_table('subscription_promotion', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_promotion_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_promotion_promotion_id'), ['promotion_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_promotion_subscription_id'), ['subscription_id'], unique=False)

    op.create_table('ticket',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('department', sa.String(length=60), nullable=False),
    sa.Column('subject', sa.String(length=255), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.CheckConstraint("state IN ('new_messages', 'in_review', 'awaits_you', 'archived')", name=op.f('ck_ticket_state_known')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_ticket_company_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_ticket_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket'))
    )
    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ticket_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ticket_state'), ['state'], unique=False)
        batch_op.create_index(batch_op.f('ix_ticket_subscription_id'), ['subscription_id'], unique=False)

    op.create_table('usage',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('account_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscription_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('subscriber_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('component_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source', sa.String(length=60), nullable=False),
    sa.Column('source_id', sa.String(length=120), nullable=False),
    sa.Column('occurred_at', app.models.base.Instant(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('quantity', app.models.base.Fine(), nullable=False),
    sa.Column('destination', sa.String(length=60), nullable=False),
    sa.Column('time_class', sa.String(length=8), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_usage_account_id')),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_usage_company_id')),
    sa.ForeignKeyConstraint(['component_id'], ['component.id'], name=op.f('fk_usage_component_id')),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_usage_subscriber_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_usage_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_usage')),
    sa.UniqueConstraint('source', 'source_id', name=op.f('uq_usage_source_source_id'))
    )
    with op.batch_alter_table('usage', schema=None) as batch_op:
        batch_op.create_index('ix_usage_account_id_day', ['account_id', 'day'], unique=False)
        batch_op.create_index(batch_op.f('ix_usage_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_usage_subscriber_id'), ['subscriber_id'], unique=False)
        batch_op.create_index('ix_usage_subscription_id_component_id_day', ['subscription_id', 'component_id', 'day'], unique=False)

    op.create_table('ticket_message',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ticket_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('author', sa.String(length=200), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('company_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', app.models.base.Instant(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['company.id'], name=op.f('fk_ticket_message_company_id')),
    sa.ForeignKeyConstraint(['ticket_id'], ['ticket.id'], name=op.f('fk_ticket_message_ticket_id')),
    sa.ForeignKeyConstraint(['user_id'], ['ab_user.id'], name=op.f('fk_ticket_message_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ticket_message'))
    )
    with op.batch_alter_table('ticket_message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ticket_message_company_id'), ['company_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ticket_message_ticket_id'), ['ticket_id'], unique=False)




def downgrade():

    with op.batch_alter_table('ticket_message', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ticket_message_ticket_id'))
        batch_op.drop_index(batch_op.f('ix_ticket_message_company_id'))

    op.drop_table('ticket_message')
    with op.batch_alter_table('usage', schema=None) as batch_op:
        batch_op.drop_index('ix_usage_subscription_id_component_id_day')
        batch_op.drop_index(batch_op.f('ix_usage_subscriber_id'))
        batch_op.drop_index(batch_op.f('ix_usage_company_id'))
        batch_op.drop_index('ix_usage_account_id_day')

    op.drop_table('usage')
    with op.batch_alter_table('ticket', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ticket_subscription_id'))
        batch_op.drop_index(batch_op.f('ix_ticket_state'))
        batch_op.drop_index(batch_op.f('ix_ticket_company_id'))

    op.drop_table('ticket')
    with op.batch_alter_table('subscription_promotion', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscription_promotion_subscription_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_promotion_promotion_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_promotion_company_id'))

    op.drop_table('subscription_promotion')
    with op.batch_alter_table('subscription_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscription_item_subscription_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_item_component_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_item_company_id'))

    op.drop_table('subscription_item')
    with op.batch_alter_table('subscriber_name', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscriber_name_subscriber_id'))
        batch_op.drop_index(batch_op.f('ix_subscriber_name_request_id'))
        batch_op.drop_index(batch_op.f('ix_subscriber_name_company_id'))

    op.drop_table('subscriber_name')
    with op.batch_alter_table('seat', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_seat_user_id'))
        batch_op.drop_index(batch_op.f('ix_seat_company_id'))

    op.drop_table('seat')
    with op.batch_alter_table('posting', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_posting_entry_id'))
        batch_op.drop_index('ix_posting_debit_id_happened_on')
        batch_op.drop_index('ix_posting_credit_id_happened_on')
        batch_op.drop_index(batch_op.f('ix_posting_company_id'))

    op.drop_table('posting')
    with op.batch_alter_table('order_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_order_line_subscription_id'))
        batch_op.drop_index(batch_op.f('ix_order_line_plan_id'))
        batch_op.drop_index(batch_op.f('ix_order_line_order_id'))
        batch_op.drop_index(batch_op.f('ix_order_line_company_id'))

    op.drop_table('order_line')
    with op.batch_alter_table('extension', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_extension_company_id'))

    op.drop_table('extension')
    with op.batch_alter_table('expected_payment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_expected_payment_company_id'))
        batch_op.drop_index(batch_op.f('ix_expected_payment_bank_line_id'))

    op.drop_table('expected_payment')
    with op.batch_alter_table('charge', schema=None) as batch_op:
        batch_op.drop_index('ix_charge_subscription_id_month')
        batch_op.drop_index(batch_op.f('ix_charge_document_id'))
        batch_op.drop_index(batch_op.f('ix_charge_company_id'))
        batch_op.drop_index('ix_charge_account_id_month')

    op.drop_table('charge')
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscription_subscriber_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_state'))
        batch_op.drop_index(batch_op.f('ix_subscription_seller_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_plan_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_payment_method_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_company_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_account_id'))

    op.drop_table('subscription')
    with op.batch_alter_table('request', schema=None) as batch_op:
        batch_op.drop_index('uq_request_open_option', sqlite_where=sa.text("state IN ('new', 'queued', 'sent') AND component_id IS NOT NULL"), postgresql_where=sa.text("state IN ('new', 'queued', 'sent') AND component_id IS NOT NULL"))
        batch_op.drop_index(batch_op.f('ix_request_subscriber_id'))
        batch_op.drop_index(batch_op.f('ix_request_state'))
        batch_op.drop_index(batch_op.f('ix_request_parent_id'))
        batch_op.drop_index(batch_op.f('ix_request_component_id'))
        batch_op.drop_index(batch_op.f('ix_request_company_id'))
        batch_op.drop_index(batch_op.f('ix_request_account_id'))

    op.drop_table('request')
    with op.batch_alter_table('option', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_option_component_id'))
        batch_op.drop_index(batch_op.f('ix_option_company_id'))

    op.drop_table('option')
    with op.batch_alter_table('instalment_part', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_instalment_part_company_id'))

    op.drop_table('instalment_part')
    with op.batch_alter_table('entry', schema=None) as batch_op:
        batch_op.drop_index('ix_entry_payment_id', sqlite_where=sa.text('payment_id IS NOT NULL'), postgresql_where=sa.text('payment_id IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_entry_document_id'))
        batch_op.drop_index('ix_entry_account_id_happened_on')

    op.drop_table('entry')
    with op.batch_alter_table('document_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_document_line_company_id'))

    op.drop_table('document_line')
    with op.batch_alter_table('document_file', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_document_file_company_id'))

    op.drop_table('document_file')
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_document_id'))
        batch_op.drop_index(batch_op.f('ix_delivery_company_id'))

    op.drop_table('delivery')
    with op.batch_alter_table('bank_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_bank_line_seller_id'))
        batch_op.drop_index(batch_op.f('ix_bank_line_payment_id'))

    op.drop_table('bank_line')
    with op.batch_alter_table('allocation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_allocation_document_id'))
        batch_op.drop_index(batch_op.f('ix_allocation_company_id'))

    op.drop_table('allocation')
    with op.batch_alter_table('subscriber', schema=None) as batch_op:
        batch_op.drop_index('ix_subscriber_name')
        batch_op.drop_index('ix_subscriber_company_id_number')
        batch_op.drop_index('ix_subscriber_company_id_name')
        batch_op.drop_index(batch_op.f('ix_subscriber_company_id'))
        batch_op.drop_index(batch_op.f('ix_subscriber_account_id'))

    op.drop_table('subscriber')
    with op.batch_alter_table('run_item', schema=None) as batch_op:
        batch_op.drop_index('ix_run_item_run_id_state')
        batch_op.drop_index(batch_op.f('ix_run_item_company_id'))
        batch_op.drop_index(batch_op.f('ix_run_item_account_id'))

    op.drop_table('run_item')
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_state'))
        batch_op.drop_index(batch_op.f('ix_payment_payer_id'))
        batch_op.drop_index('ix_payment_paid_on_id')
        batch_op.drop_index(batch_op.f('ix_payment_company_id'))
        batch_op.drop_index('ix_payment_account_id_paid_on')

    op.drop_table('payment')
    with op.batch_alter_table('orders', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_orders_state'))
        batch_op.drop_index(batch_op.f('ix_orders_payer_id'))
        batch_op.drop_index(batch_op.f('ix_orders_company_id'))
        batch_op.drop_index(batch_op.f('ix_orders_account_id'))

    op.drop_table('orders')
    with op.batch_alter_table('ledger_account', schema=None) as batch_op:
        batch_op.drop_index('uq_ledger_account_of_seller', sqlite_where=sa.text('account_id IS NULL'), postgresql_where=sa.text('account_id IS NULL'))
        batch_op.drop_index('uq_ledger_account_of_account')
        batch_op.drop_index(batch_op.f('ix_ledger_account_company_id'))

    op.drop_table('ledger_account')
    with op.batch_alter_table('instalment_plan', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_instalment_plan_company_id'))
        batch_op.drop_index(batch_op.f('ix_instalment_plan_account_id'))

    op.drop_table('instalment_plan')
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.drop_index('uq_document_period', sqlite_where=sa.text('run_id IS NOT NULL'), postgresql_where=sa.text('run_id IS NOT NULL'))
        batch_op.drop_index('ix_document_unpaid_due_on', sqlite_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"), postgresql_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"))
        batch_op.drop_index('ix_document_unpaid', sqlite_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"), postgresql_where=sa.text("settlement <> 'paid' AND kind = 'invoice'"))
        batch_op.drop_index('ix_document_run_id_account_id')
        batch_op.drop_index('ix_document_issued_on_id')
        batch_op.drop_index('ix_document_company_id_issued_on')
        batch_op.drop_index('ix_document_basis_id', sqlite_where=sa.text('basis_id IS NOT NULL'), postgresql_where=sa.text('basis_id IS NOT NULL'))

    op.drop_table('document')
    with op.batch_alter_table('delivery_change', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_change_company_id'))
        batch_op.drop_index('ix_delivery_change_account_id_valid_from')

    op.drop_table('delivery_change')
    with op.batch_alter_table('credit_limit', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_credit_limit_company_id'))

    op.drop_table('credit_limit')
    op.drop_table('price_version')
    with op.batch_alter_table('import_batch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_import_batch_sha256'))
        batch_op.drop_index(batch_op.f('ix_import_batch_seller_id'))
        batch_op.drop_index(batch_op.f('ix_import_batch_job_id'))
        batch_op.drop_index(batch_op.f('ix_import_batch_company_id'))

    op.drop_table('import_batch')
    with op.batch_alter_table('cart_item', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_cart_item_plan_id'))
        batch_op.drop_index(batch_op.f('ix_cart_item_company_id'))
        batch_op.drop_index(batch_op.f('ix_cart_item_cart_id'))

    op.drop_table('cart_item')
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_account_seller_id'))
        batch_op.drop_index(batch_op.f('ix_account_payer_id'))
        batch_op.drop_index(batch_op.f('ix_account_contract_id'))

    op.drop_table('account')
    op.drop_table('user_right')
    with op.batch_alter_table('payment_method', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_method_state'))
        batch_op.drop_index(batch_op.f('ix_payment_method_payer_id'))
        batch_op.drop_index(batch_op.f('ix_payment_method_company_id'))

    op.drop_table('payment_method')
    op.drop_table('notice_preference')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_notice_user_id'))
        batch_op.drop_index(batch_op.f('ix_notice_company_id'))

    op.drop_table('notice')
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_job_user_id'))
        batch_op.drop_index(batch_op.f('ix_job_state'))
        batch_op.drop_index(batch_op.f('ix_job_company_id'))

    op.drop_table('job')
    with op.batch_alter_table('contract', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contract_payer_id'))
        batch_op.drop_index(batch_op.f('ix_contract_company_id'))

    op.drop_table('contract')
    op.drop_table('component')
    with op.batch_alter_table('cart', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_cart_user_id'))
        batch_op.drop_index(batch_op.f('ix_cart_company_id'))

    op.drop_table('cart')
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_audit_event_user_id'))
        batch_op.drop_index('ix_audit_event_target_target_id')
        batch_op.drop_index(batch_op.f('ix_audit_event_company_id'))
        batch_op.drop_index(batch_op.f('ix_audit_event_action'))

    op.drop_table('audit_event')
    op.drop_table('ab_user_role')
    with op.batch_alter_table('ab_user_group', schema=None) as batch_op:
        batch_op.drop_index('idx_user_id')
        batch_op.drop_index('idx_user_group_id')

    op.drop_table('ab_user_group')
    with op.batch_alter_table('ab_api_key', schema=None) as batch_op:
        batch_op.drop_index('idx_api_key_user_id')
        batch_op.drop_index('idx_api_key_prefix')
        batch_op.drop_index('idx_api_key_lookup_hash')

    op.drop_table('ab_api_key')
    with op.batch_alter_table('promotion', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_promotion_seller_id'))
        batch_op.drop_index(batch_op.f('ix_promotion_product_id'))

    op.drop_table('promotion')
    with op.batch_alter_table('plan', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_plan_product_id'))
        batch_op.drop_index(batch_op.f('ix_plan_name'))

    op.drop_table('plan')
    with op.batch_alter_table('payer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payer_tax_code'))
        batch_op.drop_index(batch_op.f('ix_payer_name'))
        batch_op.drop_index(batch_op.f('ix_payer_company_id'))

    op.drop_table('payer')
    with op.batch_alter_table('party_snapshot', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_party_snapshot_company_id'))

    op.drop_table('party_snapshot')
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.drop_index('ix_outbox_state_due_at')
        batch_op.drop_index(batch_op.f('ix_outbox_company_id'))

    op.drop_table('outbox')
    with op.batch_alter_table('caught_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_caught_mail_company_id'))

    op.drop_table('caught_mail')
    with op.batch_alter_table('ab_user', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_ab_user_company_id'))

    op.drop_table('ab_user')
    with op.batch_alter_table('ab_permission_view_role', schema=None) as batch_op:
        batch_op.drop_index('idx_role_id')
        batch_op.drop_index('idx_permission_view_id')

    op.drop_table('ab_permission_view_role')
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_product_name'))
        batch_op.drop_index(batch_op.f('ix_product_category_id'))

    op.drop_table('product')
    op.drop_table('policy')
    op.drop_table('number_series')
    with op.batch_alter_table('company', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_company_state'))
        batch_op.drop_index('ix_company_seller_id_name')
        batch_op.drop_index(batch_op.f('ix_company_seller_id'))
        batch_op.drop_index(batch_op.f('ix_company_name'))

    op.drop_table('company')
    with op.batch_alter_table('billing_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_billing_run_state'))

    op.drop_table('billing_run')
    with op.batch_alter_table('ab_permission_view', schema=None) as batch_op:
        batch_op.drop_index('idx_view_menu_id')
        batch_op.drop_index('idx_permission_id')

    op.drop_table('ab_permission_view')
    with op.batch_alter_table('ab_group_role', schema=None) as batch_op:
        batch_op.drop_index('idx_group_role_id')
        batch_op.drop_index('idx_group_id')

    op.drop_table('ab_group_role')
    op.drop_table('tax_rate')
    op.drop_table('suspended_usage')
    with op.batch_alter_table('sign_in_attempt', schema=None) as batch_op:
        batch_op.drop_index('ix_sign_in_attempt_name_hash_at')

    op.drop_table('sign_in_attempt')
    op.drop_table('seller')
    op.drop_table('import_mapping')
    op.drop_table('currency_rate')
    with op.batch_alter_table('category', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_category_parent_id'))

    op.drop_table('category')
    op.drop_table('calendar_override')
    op.drop_table('ab_view_menu')
    op.drop_table('ab_role')
    op.drop_table('ab_register_user')
    op.drop_table('ab_permission')
    op.drop_table('ab_group')

