-- Orders with their keys in the star: the version of each dimension that was valid when they were placed. What an order
-- does not name, or names before it has arrived, is the dimension's unknown member.
with

order_headers as (

    select
        salesorderid::bigint as nk_sales_order,
        customerid::bigint as nk_customer,
        salespersonid::bigint as nk_sales_person,
        territoryid::bigint as nk_sales_territory,
        shipmethodid::bigint as nk_ship_method,
        currencyrateid::bigint as nk_currency_rate,
        orderdate as ordered_at,
        duedate as due_at,
        shipdate as shipped_at,
        purchaseordernumber::text as purchase_order_number,
        case
            when onlineorderflag::boolean then 'online'
            when not onlineorderflag::boolean then 'reseller'
            else 'unknown'
        end as sales_channel,
        status as order_status,
        taxamt as tax_amount,
        freight,
        coalesce(totaldue, subtotal + taxamt + freight, 0) as total_due,
        modifieddate as modified_at,
        changed_at
    from {{ source('bikes_store_staging', 'salesorderheader') }}

),

customers as (

    {{ versions(ref('dim_customer'), 'nk_customer') }}

),

stores as (

    {{ versions(ref('dim_store'), 'nk_store') }}

),

sales_people as (

    {{ versions(ref('dim_sales_person'), 'nk_sales_person') }}

),

sales_territories as (

    {{ versions(ref('dim_sales_territory'), 'nk_sales_territory') }}

),

-- one CTE for each use: what a query reads more than once, PostgreSQL keeps as a table without statistics
order_dates as (

    select * from {{ ref('dim_date') }}

),

due_dates as (

    select * from {{ ref('dim_date') }}

),

ship_dates as (

    select * from {{ ref('dim_date') }}

),

ship_methods as (

    select * from {{ ref('dim_ship_method') }}

),

currency_rates as (

    select * from {{ ref('dim_currency_rate') }}

),

currencies as (

    select * from {{ ref('dim_currency') }}

)

select
    order_headers.nk_sales_order,
    {{ or_unknown('order_dates.sk_date') }} as sk_order_date,
    {{ or_unknown('due_dates.sk_date') }} as sk_due_date,
    {{ or_unknown('ship_dates.sk_date') }} as sk_ship_date,
    {{ or_unknown('customers.sk_customer') }} as sk_customer,
    {{ or_unknown('stores.sk_store') }} as sk_store,
    {{ or_unknown('sales_people.sk_sales_person') }} as sk_sales_person,
    {{ or_unknown('sales_territories.sk_sales_territory') }} as sk_sales_territory,
    {{ or_unknown('ship_methods.sk_ship_method') }} as sk_ship_method,
    {{ or_unknown('currency_rates.sk_currency_rate') }} as sk_currency_rate,
    {{ or_unknown('currencies.sk_currency') }} as sk_currency,
    order_headers.purchase_order_number,
    order_headers.sales_channel,
    order_headers.order_status,
    order_headers.tax_amount,
    order_headers.freight,
    order_headers.total_due,
    order_headers.modified_at,
    order_headers.changed_at
from order_headers
left join customers
    on order_headers.nk_customer = customers.nk_customer and {{ holds_at('customers', 'order_headers.ordered_at') }}
left join stores
    on customers.nk_store = stores.nk_store and {{ holds_at('stores', 'order_headers.ordered_at') }}
left join sales_people
    on
        order_headers.nk_sales_person = sales_people.nk_sales_person
        and {{ holds_at('sales_people', 'order_headers.ordered_at') }}
left join sales_territories
    on
        order_headers.nk_sales_territory = sales_territories.nk_sales_territory
        and {{ holds_at('sales_territories', 'order_headers.ordered_at') }}
left join order_dates on order_headers.ordered_at::date = order_dates.nk_date
left join due_dates on order_headers.due_at::date = due_dates.nk_date
left join ship_dates on order_headers.shipped_at::date = ship_dates.nk_date
left join ship_methods on order_headers.nk_ship_method = ship_methods.nk_ship_method
left join currency_rates on order_headers.nk_currency_rate = currency_rates.nk_currency_rate
left join currencies
    on
        currencies.nk_currency = case
            when currency_rates.to_currency_code is not null then currency_rates.to_currency_code
            -- an order without a rate was paid in the company's own currency
            when order_headers.nk_currency_rate is null then '{{ var("base_currency") }}'
        end
