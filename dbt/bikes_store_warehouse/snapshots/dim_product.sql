{% snapshot dim_product %}

{%- set attributes = [
    'nk_product_subcategory',
    'nk_product_model',
    'product_number',
    'product_name',
    'color',
    'product_size',
    'size_unit',
    'weight_unit',
    'product_line',
    'product_class',
    'product_style',
    'standard_cost',
    'list_price',
    'weight',
    'safety_stock_level',
    'reorder_point',
    'days_to_manufacture',
    'is_made_in_house',
    'is_sold',
    'sell_starts_at',
    'sell_ends_at',
    'discontinued_at',
] -%}

{{
    config(
        unique_key='nk_product',
        strategy='check',
        check_cols=attributes,
        updated_at='version_starts_at',
        hard_deletes='invalidate',
        pre_hook=one_run_at_a_time(),
        post_hook=one_open_version('nk_product'),
        indexes=[{'columns': ['sk_product'], 'unique': true}],
    )
}}

with

products as (

    select * from {{ source('bikes_store_staging', 'product') }}

),

-- char columns come padded ('R '); in a text column the padding would be part of the value
renamed as (

    select
        productid::bigint as nk_product,
        productsubcategoryid::bigint as nk_product_subcategory,
        productmodelid::bigint as nk_product_model,
        productnumber::text as product_number,
        name::text as product_name,
        color::text as color,
        size::text as product_size,
        rtrim(sizeunitmeasurecode) as size_unit,
        rtrim(weightunitmeasurecode) as weight_unit,
        upper(rtrim(productline)) as product_line,
        upper(rtrim("class")) as product_class,
        upper(rtrim("style")) as product_style,
        standardcost::numeric as standard_cost,
        listprice::numeric as list_price,
        weight::numeric as weight,
        safetystocklevel::bigint as safety_stock_level,
        reorderpoint::bigint as reorder_point,
        daystomanufacture::bigint as days_to_manufacture,
        makeflag::boolean as is_made_in_house,
        finishedgoodsflag::boolean as is_sold,
        sellstartdate as sell_starts_at,
        sellenddate as sell_ends_at,
        discontinueddate as discontinued_at,
        modifieddate as modified_at
    from products

),

{{
    versions_of_renamed('nk_product', attributes, {'product_number': 'N/A', 'product_name': 'Unknown'})
}}

{% endsnapshot %}
