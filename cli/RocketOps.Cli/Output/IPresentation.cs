using RocketOps.Cli.Running;

namespace RocketOps.Cli.Output;

/// <summary>Result of a command, in every format.</summary>
internal interface IPresentation
{
    Task WriteAsync(OutputFormat format, Shell shell, TextWriter output);
}

/// <summary>Format of a listing.</summary>
internal enum OutputFormat
{
    Table,

    /// <summary>A table with every column.</summary>
    Wide,
    Json,
    Yaml,
}
