using RocketOps.Cli.Running;

namespace RocketOps.Cli.Output;

/// <summary>What a command found, in every format.</summary>
internal interface IPresentation
{
    Task WriteAsync(OutputFormat format, Shell shell, TextWriter output);
}
