namespace RocketOps.Cli.Running;

/// <summary>Where a command was started from: its streams, whether a person sits at them, and the clock.</summary>
internal sealed record Shell
{
    /// <summary>A write fails with an <see cref="IOException"/> when the reader has gone.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>The bytes behind <see cref="Output"/>, for bodies that are no text.</summary>
    public required Stream OutputBytes { get; init; }

    public required TextWriter Error { get; init; }

    public required Stream Input { get; init; }

    public bool IsInputTerminal { get; init; }

    public bool IsOutputTerminal { get; init; }

    public bool IsErrorTerminal { get; init; }

    /// <summary>Colours are for terminals whose user has not switched them off (no-color.org).</summary>
    public bool HasColour { get; init; }

    /// <summary>A bug is answered with where it happened; otherwise with one line.</summary>
    public bool ShowsStackTraces { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static Shell OfThisProcess()
    {
        Stream output = StandardOutput.Open();
        return new Shell
        {
            Output = StandardOutput.Writer(output),
            OutputBytes = output,
            Error = Console.Error,
            Input = Console.OpenStandardInput(),
            IsInputTerminal = !Console.IsInputRedirected,
            IsOutputTerminal = !Console.IsOutputRedirected,
            IsErrorTerminal = !Console.IsErrorRedirected,
            HasColour = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb",
            ShowsStackTraces = Environment.GetEnvironmentVariable("ROCKETOPS_STACKTRACE") == "1",
        };
    }

    /// <summary>A text as bold, red or whatever the code says, at a terminal.</summary>
    public string Styled(string text, int code) => HasColour ? $"\u001b[{code}m{text}\u001b[0m" : text;

    /// <summary>The beginning of an error line, red at a terminal.</summary>
    public string StyledError(string text) => HasColour && IsErrorTerminal ? $"\u001b[31m{text}\u001b[0m" : text;
}
