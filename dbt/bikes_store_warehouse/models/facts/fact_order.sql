-- One row for each order line. Every line of the source is here, once: dimensions are joined from the left, and what a
-- line does not name, or names before it has arrived, is the dimension's unknown member.
--
-- After the first run, only orders that changed are built again, each with all its lines; see int_orders_to_build.
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='nk_sales_order',
        on_schema_change='sync_all_columns',
        pre_hook='{{ forget_deleted_orders() }}',
        indexes=[{'columns': ['nk_sales_order', 'nk_sales_order_detail'], 'unique': true}],
    )
}}

with

order_lines as (

    select * from {{ ref('int_order_lines_allocated') }}

),

keyed as (

    select
        {{ surrogate_key(['nk_sales_order', 'nk_sales_order_detail']) }} as sk_order_line,
        sk_order_date,
        sk_due_date,
        sk_ship_date,
        sk_customer,
        sk_store,
        sk_product,
        sk_special_offer,
        sk_sales_person,
        sk_sales_territory,
        sk_ship_method,
        sk_currency_rate,
        sk_currency,
        nk_sales_order,
        nk_sales_order_detail,
        purchase_order_number,
        carrier_tracking_number,
        sales_channel,
        order_status,
        order_qty,
        unit_price,
        unit_price_discount,
        line_total,
        tax_amount,
        freight,
        total_due,
        modified_at,
        line_changed_at,
        header_changed_at,
        now() as built_at
    from order_lines

)

select * from keyed
