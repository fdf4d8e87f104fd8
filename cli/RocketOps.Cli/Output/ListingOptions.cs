using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Output;

/// <summary>Options for a command's listing: its format, and whether it is shown once or again and again.</summary>
internal sealed class ListingOptions
{
    private const double DefaultSeconds = 2;

    private readonly Option<string> _format = Choice.Of("--output", "-o", "Format", "FORMAT", "table", "table", "wide", "json", "yaml");
    private readonly Option<string?>? _watch;

    public ListingOptions(Command command, bool canWatch = true)
    {
        command.Add(_format);
        if (canWatch)
        {
            _watch = new Option<string?>("--watch", "-w")
            {
                Description = "Show it again every 2 seconds, or as many as given, until Ctrl-C",
                HelpName = "SECONDS",
                Arity = ArgumentArity.ZeroOrOne,
            }.CheckedBy(static text => Seconds(text) is null ? $"\"{text}\" is no number of seconds from 0.1 to 86400; for example --watch 1.5." : null);
            command.Add(_watch);
        }
    }

    public OutputFormat Format(ParseResult parsed) => Enum.Parse<OutputFormat>(parsed.GetValue(_format)!, ignoreCase: true);

    /// <summary>Writes what <paramref name="make"/> finds, and again while it is watched. Returns its exit code.</summary>
    public async Task<int> ShowAsync(Shell shell, ParseResult parsed, Func<Task<(IPresentation Found, int Code)>> make, CancellationToken cancellation)
    {
        OutputFormat format = Format(parsed);
        if (_watch is null || parsed.GetResult(_watch) is null)
        {
            (IPresentation found, int code) = await make();
            await found.WriteAsync(format, shell, shell.Output);
            return code;
        }

        TimeSpan pause = TimeSpan.FromSeconds(Seconds(parsed.GetValue(_watch)) ?? DefaultSeconds);
        return await new FollowedOutput(shell).RunAsync(end => new WatchLoop(shell, pause).RunAsync(make, format, end), cancellation);
    }

    private static double? Seconds(string? text) =>
        text is not null && Numbers.TryDecimal(text, out double seconds) && seconds is >= 0.1 and <= 86_400 ? seconds : null;
}
