-- One row an order line. Every line of the source is here, once: dimensions are joined from the left, and what a
-- line does not name, or names before it has arrived, is the dimension's unknown member.
--
-- After the first run only orders that something has changed for are built again, whole; see macros/changed_orders.sql.
-- jit is off since compiling a dozen joins takes longer than running them.
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

{% if is_incremental() -%}
    changed_orders as (

        {{ changed_orders() }}

    ),

{% endif -%}

order_lines as (

    select * from {{ source('bikes_store_staging', 'salesorderdetail') }}
    {% if is_incremental() -%}
        where salesorderid in (select changed_orders.nk_sales_order from changed_orders)
    {%- endif %}

),

order_headers as (

    select * from {{ source('bikes_store_staging', 'salesorderheader') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

-- a line meets the version that was valid when it was ordered
customers as (

    {{ versions(ref('dim_customer'), 'nk_customer') }}

),

stores as (

    {{ versions(ref('dim_store'), 'nk_store') }}

),

products as (

    {{ versions(ref('dim_product'), 'nk_product') }}

),

sales_people as (

    {{ versions(ref('dim_sales_person'), 'nk_sales_person') }}

),

sales_territories as (

    {{ versions(ref('dim_sales_territory'), 'nk_sales_territory') }}

),

lines_with_order as (

    select
        order_lines.salesorderid::bigint as nk_sales_order,
        order_lines.salesorderdetailid::bigint as nk_sales_order_detail,
        order_lines.productid::bigint as nk_product,
        order_lines.specialofferid::bigint as nk_special_offer,
        order_headers.customerid::bigint as nk_customer,
        order_headers.salespersonid::bigint as nk_sales_person,
        order_headers.territoryid::bigint as nk_sales_territory,
        order_headers.shipmethodid::bigint as nk_ship_method,
        order_headers.currencyrateid::bigint as nk_currency_rate,
        order_headers.purchaseordernumber::text as purchase_order_number,
        order_lines.carriertrackingnumber::text as carrier_tracking_number,
        case
            when order_headers.onlineorderflag::boolean then 'online'
            when not order_headers.onlineorderflag::boolean then 'reseller'
            else 'unknown'
        end as sales_channel,
        order_headers.status as order_status,
        order_lines.orderqty as order_qty,
        order_lines.unitprice as unit_price,
        order_lines.unitpricediscount as unit_price_discount,
        order_lines.orderqty * order_lines.unitprice * (1 - order_lines.unitpricediscount) as line_total,
        coalesce(order_headers.taxamt, 0) as order_tax_amount,
        coalesce(order_headers.freight, 0) as order_freight,
        coalesce(
            order_headers.totaldue, order_headers.subtotal + order_headers.taxamt + order_headers.freight, 0
        ) as order_total_due,
        order_headers.salesorderid is not null as has_header,
        order_headers.orderdate as ordered_at,
        order_headers.duedate as due_at,
        order_headers.shipdate as shipped_at,
        -- a line whose header has not arrived yet bears the order's date itself
        coalesce(order_headers.orderdate, order_lines.modifieddate) as happened_at,
        greatest(order_lines.modifieddate, order_headers.modifieddate) as modified_at
    from order_lines
    left join order_headers on order_lines.salesorderid = order_headers.salesorderid

),

weighed as (

    select
        *,
        sum(line_total) over (partition by nk_sales_order) as order_line_total,
        count(*) over (partition by nk_sales_order) as order_line_count,
        row_number() over (partition by nk_sales_order order by nk_sales_order_detail desc) = 1 as is_last_line
    from lines_with_order

),

shared_out as (

    select
        *,
        {{ share_of('order_tax_amount') }} as tax_share,
        {{ share_of('order_freight') }} as freight_share,
        {{ share_of('order_total_due') }} as total_due_share
    from weighed

),

allocated as (

    select
        *,
        tax_share + {{ remainder_of('order_tax_amount', 'tax_share') }} as tax_amount,
        freight_share + {{ remainder_of('order_freight', 'freight_share') }} as freight,
        total_due_share + {{ remainder_of('order_total_due', 'total_due_share') }} as total_due
    from shared_out

),

keyed as (

    select
        {{ surrogate_key(['allocated.nk_sales_order', 'allocated.nk_sales_order_detail']) }} as sk_order_line,
        {{ or_unknown('order_dates.sk_date') }} as sk_order_date,
        {{ or_unknown('due_dates.sk_date') }} as sk_due_date,
        {{ or_unknown('ship_dates.sk_date') }} as sk_ship_date,
        {{ or_unknown('customers.sk_customer') }} as sk_customer,
        {{ or_unknown('stores.sk_store') }} as sk_store,
        {{ or_unknown('products.sk_product') }} as sk_product,
        {{ or_unknown('special_offers.sk_special_offer') }} as sk_special_offer,
        {{ or_unknown('sales_people.sk_sales_person') }} as sk_sales_person,
        {{ or_unknown('sales_territories.sk_sales_territory') }} as sk_sales_territory,
        {{ or_unknown('ship_methods.sk_ship_method') }} as sk_ship_method,
        {{ or_unknown('currency_rates.sk_currency_rate') }} as sk_currency_rate,
        {{ or_unknown('currencies.sk_currency') }} as sk_currency,
        allocated.nk_sales_order,
        allocated.nk_sales_order_detail,
        allocated.purchase_order_number,
        allocated.carrier_tracking_number,
        allocated.sales_channel,
        allocated.order_status,
        allocated.order_qty,
        allocated.unit_price,
        allocated.unit_price_discount,
        allocated.line_total,
        allocated.tax_amount,
        allocated.freight,
        allocated.total_due,
        allocated.modified_at,
        now() as built_at
    from allocated
    left join dates as order_dates on allocated.ordered_at::date = order_dates.nk_date
    left join dates as due_dates on allocated.due_at::date = due_dates.nk_date
    left join dates as ship_dates on allocated.shipped_at::date = ship_dates.nk_date
    left join customers
        on allocated.nk_customer = customers.nk_customer and {{ holds_at('customers', 'allocated.happened_at') }}
    left join stores
        on customers.nk_store = stores.nk_store and {{ holds_at('stores', 'allocated.happened_at') }}
    left join products
        on allocated.nk_product = products.nk_product and {{ holds_at('products', 'allocated.happened_at') }}
    left join {{ ref('dim_special_offer') }} as special_offers
        on allocated.nk_special_offer = special_offers.nk_special_offer
    left join sales_people
        on
            allocated.nk_sales_person = sales_people.nk_sales_person
            and {{ holds_at('sales_people', 'allocated.happened_at') }}
    left join sales_territories
        on
            allocated.nk_sales_territory = sales_territories.nk_sales_territory
            and {{ holds_at('sales_territories', 'allocated.happened_at') }}
    left join {{ ref('dim_ship_method') }} as ship_methods
        on allocated.nk_ship_method = ship_methods.nk_ship_method
    left join {{ ref('dim_currency_rate') }} as currency_rates
        on allocated.nk_currency_rate = currency_rates.nk_currency_rate
    left join {{ ref('dim_currency') }} as currencies
        on
            currencies.nk_currency = case
                when currency_rates.to_currency_code is not null then currency_rates.to_currency_code
                -- an order without a rate was paid in the company's own currency
                when allocated.has_header and allocated.nk_currency_rate is null then '{{ var("base_currency") }}'
            end

)

select * from keyed
