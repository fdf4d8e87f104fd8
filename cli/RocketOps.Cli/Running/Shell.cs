using System.Globalization;
using RocketOps.Client;

namespace RocketOps.Cli.Running;

/// <summary>Surroundings of a command: its streams, whether a person sits at them, and the clock.</summary>
internal sealed record Shell
{
    private const int MaxPatienceSeconds = 86_400;

    /// <summary>A write fails with an <see cref="IOException"/> when the reader has gone.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>The bytes behind <see cref="Output"/>, for bodies that are no text.</summary>
    public required Stream OutputBytes { get; init; }

    /// <summary>
    /// Tells whether nobody reads the output any more; null where there is no reader that could go, as with a file or a terminal.
    /// </summary>
    public Func<bool>? IsReaderGone { get; init; }

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

    /// <summary>
    /// Least time that servers get to answer, and clusters to do what they were told: commands have limits of seconds, which a machine that
    /// is short of CPU uses up.
    /// </summary>
    public TimeSpan Patience { get; init; }

    /// <summary>Problem of the environment's text for <see cref="Patience"/>; null when there is none.</summary>
    public string? PatienceProblem { get; init; }

    public static Shell OfThisProcess()
    {
        Stream output = StandardOutput.Open();
        string? patience = Environment.GetEnvironmentVariable("ROCKETOPS_PATIENCE");
        return new Shell
        {
            Output = StandardOutput.Writer(output),
            OutputBytes = output,
            IsReaderGone = StandardOutput.IsPipe(output) && Console.IsOutputRedirected ? OutputPipe.HasLostItsReader : null,
            Error = Console.Error,
            Input = StandardInput.Open(),
            IsInputTerminal = !Console.IsInputRedirected,
            IsOutputTerminal = !Console.IsOutputRedirected,
            IsErrorTerminal = !Console.IsErrorRedirected,
            HasColour = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb",
            ShowsStackTraces = Environment.GetEnvironmentVariable("ROCKETOPS_STACKTRACE") == "1",
            Patience = TryPatience(patience, out TimeSpan least) ? least : TimeSpan.Zero,
            PatienceProblem = TryPatience(patience, out _) ? null : $"ROCKETOPS_PATIENCE is a whole number of seconds from 0 to {MaxPatienceSeconds}, not \"{patience}\"; for example ROCKETOPS_PATIENCE=120.",
        };
    }

    /// <inheritdoc cref="Patient(TimeSpan)"/>
    public AdminOptions Patient(AdminOptions usual) => usual with { ConnectTimeout = Patient(usual.ConnectTimeout), RequestTimeout = Patient(usual.RequestTimeout) };

    /// <inheritdoc cref="Patient(TimeSpan)"/>
    public ProducerOptions Patient(ProducerOptions usual) =>
        usual with { ConnectTimeout = Patient(usual.ConnectTimeout), RequestTimeout = Patient(usual.RequestTimeout), SendTimeout = Patient(usual.SendTimeout) };

    /// <summary>
    /// Options as patient as those of others, and without further tries: a person who mistyped an address wants to know at once.
    /// </summary>
    public PushConsumerOptions Patient(PushConsumerOptions usual) =>
        usual with { ConnectTimeout = Patient(usual.ConnectTimeout), RequestTimeout = Patient(usual.RequestTimeout), StartTimeout = TimeSpan.Zero };

    /// <summary>A command's own limit, or <see cref="Patience"/> where that is longer.</summary>
    public TimeSpan Patient(TimeSpan limit) => limit > Patience ? limit : Patience;

    /// <summary>A text as bold, red or whatever the code says, at a terminal.</summary>
    public string Styled(string text, int code) => HasColour ? $"\u001b[{code}m{text}\u001b[0m" : text;

    /// <summary>The beginning of an error line, red at a terminal.</summary>
    public string StyledError(string text) => HasColour && IsErrorTerminal ? $"\u001b[31m{text}\u001b[0m" : text;

    /// <summary>No text, or an empty one, is no patience.</summary>
    private static bool TryPatience(string? text, out TimeSpan patience)
    {
        int seconds = 0;
        bool isNumber = string.IsNullOrEmpty(text)
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= MaxPatienceSeconds);
        patience = TimeSpan.FromSeconds(isNumber ? seconds : 0);
        return isNumber;
    }
}
