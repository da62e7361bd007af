-- One row for each order line. Every line of the source is here, once: dimensions are joined from the left, and what a
-- line does not name, or names before it has arrived, is the dimension's unknown member.
--
-- After the first run, only orders that changed are built again, each with all its lines; see int_orders_to_build.
-- jit is off because compiling a dozen joins takes longer than running them.
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='nk_sales_order',
        on_schema_change='sync_all_columns',
        pre_hook='set local jit = off',
        post_hook='{{ forget_deleted_lines() }}',
        indexes=[{'columns': ['nk_sales_order', 'nk_sales_order_detail'], 'unique': true}],
    )
}}

with

order_lines as (

    select * from {{ ref('int_order_lines_versioned') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

special_offers as (

    select * from {{ ref('dim_special_offer') }}

),

ship_methods as (

    select * from {{ ref('dim_ship_method') }}

),

currency_rates as (

    select * from {{ ref('dim_currency_rate') }}

),

currencies as (

    select * from {{ ref('dim_currency') }}

),

keyed as (

    select
        {{ surrogate_key(['order_lines.nk_sales_order', 'order_lines.nk_sales_order_detail']) }} as sk_order_line,
        {{ or_unknown('order_dates.sk_date') }} as sk_order_date,
        {{ or_unknown('due_dates.sk_date') }} as sk_due_date,
        {{ or_unknown('ship_dates.sk_date') }} as sk_ship_date,
        order_lines.sk_customer,
        order_lines.sk_store,
        order_lines.sk_product,
        {{ or_unknown('special_offers.sk_special_offer') }} as sk_special_offer,
        order_lines.sk_sales_person,
        order_lines.sk_sales_territory,
        {{ or_unknown('ship_methods.sk_ship_method') }} as sk_ship_method,
        {{ or_unknown('currency_rates.sk_currency_rate') }} as sk_currency_rate,
        {{ or_unknown('currencies.sk_currency') }} as sk_currency,
        order_lines.nk_sales_order,
        order_lines.nk_sales_order_detail,
        order_lines.purchase_order_number,
        order_lines.carrier_tracking_number,
        order_lines.sales_channel,
        order_lines.order_status,
        order_lines.order_qty,
        order_lines.unit_price,
        order_lines.unit_price_discount,
        order_lines.line_total,
        order_lines.tax_amount,
        order_lines.freight,
        order_lines.total_due,
        order_lines.modified_at,
        now() as built_at
    from order_lines
    left join dates as order_dates on order_lines.ordered_at::date = order_dates.nk_date
    left join dates as due_dates on order_lines.due_at::date = due_dates.nk_date
    left join dates as ship_dates on order_lines.shipped_at::date = ship_dates.nk_date
    left join special_offers on order_lines.nk_special_offer = special_offers.nk_special_offer
    left join ship_methods on order_lines.nk_ship_method = ship_methods.nk_ship_method
    left join currency_rates on order_lines.nk_currency_rate = currency_rates.nk_currency_rate
    left join currencies
        on
            currencies.nk_currency = case
                when currency_rates.to_currency_code is not null then currency_rates.to_currency_code
                -- an order without a rate was paid in the company's own currency
                when order_lines.has_header and order_lines.nk_currency_rate is null then '{{ var("base_currency") }}'
            end

)

select * from keyed
