namespace RocketOps.Cli.Output;

/// <summary>Format of a listing.</summary>
internal enum OutputFormat
{
    Table,

    /// <summary>A table with every column.</summary>
    Wide,
    Json,
    Yaml,
}
