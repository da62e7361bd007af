-- Order lines with the version of each dimension that was valid when they were ordered. What a line does not name, or
-- names before it has arrived, is the dimension's unknown member.
with

order_lines as (

    select * from {{ ref('int_order_lines_allocated') }}

),

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

)

select
    order_lines.*,  -- noqa: AM04
    {{ or_unknown('customers.sk_customer') }} as sk_customer,
    {{ or_unknown('stores.sk_store') }} as sk_store,
    {{ or_unknown('products.sk_product') }} as sk_product,
    {{ or_unknown('sales_people.sk_sales_person') }} as sk_sales_person,
    {{ or_unknown('sales_territories.sk_sales_territory') }} as sk_sales_territory
from order_lines
left join customers
    on order_lines.nk_customer = customers.nk_customer and {{ holds_at('customers', 'order_lines.happened_at') }}
left join stores
    on customers.nk_store = stores.nk_store and {{ holds_at('stores', 'order_lines.happened_at') }}
left join products
    on order_lines.nk_product = products.nk_product and {{ holds_at('products', 'order_lines.happened_at') }}
left join sales_people
    on
        order_lines.nk_sales_person = sales_people.nk_sales_person
        and {{ holds_at('sales_people', 'order_lines.happened_at') }}
left join sales_territories
    on
        order_lines.nk_sales_territory = sales_territories.nk_sales_territory
        and {{ holds_at('sales_territories', 'order_lines.happened_at') }}
