namespace RocketOps.Cli.Output;

/// <summary>How a listing is written.</summary>
internal enum OutputFormat
{
    Table,

    /// <summary>A table with every column.</summary>
    Wide,
    Json,
    Yaml,
}
