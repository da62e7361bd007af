-- Whether fact_order holds what the staging area holds, in rows and in money.
-- It is built in every run, so that it sees what was changed by hand as well.
{{ config(meta={'build': 'always'}) }}

with

order_lines as (

    select * from {{ source('bikes_store_staging', 'salesorderdetail') }}

),

-- a header without lines is left out: fact_order has no row that could hold its amounts
order_headers as (

    select * from {{ source('bikes_store_staging', 'salesorderheader') }}
    where salesorderid in (select order_lines.salesorderid from order_lines)

),

staged as (

    select
        (select count(*) from order_lines) as order_lines,
        (select sum(orderqty * unitprice * (1 - unitpricediscount)) from order_lines) as revenue,
        (select sum(totaldue) from order_headers) as total_due

),

built as (

    select
        count(*) as order_lines,
        sum(line_total) as revenue,
        sum(total_due) as total_due
    from {{ ref('fact_order') }}

),

measures as (
    {% for measure in ['order_lines', 'revenue', 'total_due'] %}
        select
            '{{ measure }}' as measure,
            coalesce(staged.{{ measure }}, 0)::numeric as staged,
            coalesce(built.{{ measure }}, 0)::numeric as built
        from staged
        cross join built
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    measure,
    staged,
    built,
    abs(staged - built) as difference
from measures
