-- Sales of a year by product, with what the product cost to make when it was ordered.
-- The source's categories are not extracted: product line and subcategory number are the only levels above a product.
with

order_lines as (

    select * from {{ ref('fact_order') }}

),

dates as (

    select * from {{ ref('dim_date') }}

),

-- the version that was valid when the line was ordered
products as (

    select * from {{ ref('dim_product') }}

),

current_products as (

    {{ latest_versions('products', 'nk_product') }}

),

summed as (

    select
        dates.year_number as order_year,
        products.nk_product,
        case products.product_line
            when 'R' then 'Road'
            when 'M' then 'Mountain'
            when 'T' then 'Touring'
            when 'S' then 'Standard'
            else 'None'
        end as product_line,
        products.nk_product_subcategory,
        count(distinct order_lines.nk_sales_order) as orders,
        count(*) as order_lines,
        sum(order_lines.order_qty) as units,
        sum(order_lines.line_total) as revenue,
        sum(order_lines.order_qty * products.standard_cost) as standard_cost
    from order_lines
    inner join dates on order_lines.sk_order_date = dates.sk_date
    inner join products on order_lines.sk_product = products.sk_product
    group by 1, 2, 3, 4

)

select
    summed.order_year,
    summed.nk_product,
    current_products.product_number,
    current_products.product_name,
    summed.product_line,
    summed.nk_product_subcategory,
    summed.orders,
    summed.order_lines,
    summed.units,
    summed.revenue,
    summed.standard_cost,
    summed.revenue - summed.standard_cost as margin
from summed
inner join current_products on summed.nk_product = current_products.nk_product
