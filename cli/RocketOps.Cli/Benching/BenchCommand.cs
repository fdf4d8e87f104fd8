using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Benching;

/// <summary><c>rocketops bench</c>: load, and how long it takes.</summary>
internal static class BenchCommand
{
    /// <summary>Room for the mark that says when a message was sent.</summary>
    private const int LeastEndToEndSize = BenchMark.Length;

    private const int MostBytes = 4 * 1024 * 1024;

    public static Command Create(Shell shell) => new("bench", "Put load on a cluster and show throughput and latencies every second")
    {
        Variant(shell, "send", "Send messages and show how long their acknowledgement takes", endToEnd: false),
        Variant(shell, "e2e", "Send messages, receive them in no group, and show how long the way takes", endToEnd: true),
    };

    private static Command Variant(Shell shell, string name, string description, bool endToEnd)
    {
        NameArgument topic = NameArgument.Topic("Topic to send to; what is sent stays in it");
        Option<int> size = new Option<int>("--size", "-s") { Description = "Bytes of a body", HelpName = "BYTES", DefaultValueFactory = _ => 1024 }.Within(endToEnd ? LeastEndToEndSize : 1, MostBytes);
        Option<int> concurrency = new Option<int>("--concurrency", "-j") { Description = "Sends under way at the same time", HelpName = "N", DefaultValueFactory = _ => 64 }.Within(1, 10_000);
        Option<double> duration = new Option<double>("--duration", "-d") { Description = "Seconds to send", HelpName = "SECONDS", DefaultValueFactory = _ => 10 }.AboveZero(86_400);
        Option<long?> count = new Option<long?>("--count", "-c") { Description = "End after so many messages, if that comes first", HelpName = "N" }.Within(1, long.MaxValue);
        Option<double?> rate = new Option<double?>("--rate", "-r") { Description = "Messages in a second; without it as many as are taken", HelpName = "N" }.AboveZero(10_000_000);
        ListingOptions? listing = null;
        Command command = new DocumentedCommand(name, description, $"rocketops bench {name} orders", $"rocketops bench {name} orders --size 128 --rate 1000 --duration 2 -o json")
        {
            topic, size, concurrency, duration, count, rate,
        };
        listing = new ListingOptions(command, canWatch: false);
        return command.RunsOnCluster(shell, async (cluster, parsed, cancellation) =>
        {
            BenchOptions options = new()
            {
                Topic = parsed.GetRequiredValue(topic),
                EndToEnd = endToEnd,
                Size = parsed.GetValue(size),
                Concurrency = parsed.GetValue(concurrency),
                Duration = TimeSpan.FromSeconds(parsed.GetValue(duration)),
                Count = parsed.GetValue(count),
                Rate = parsed.GetValue(rate),
            };

            // It must not be made of a typing mistake.
            await cluster.RouteAsync(options.Topic, cancellation);
            BenchReport report = await new BenchRun(shell, cluster, options).RunAsync(cancellation);
            await report.ToDetails().WriteAsync(listing.Format(parsed), shell, shell.Output);
            return report.IsComplete ? ExitCodes.Success : ExitCodes.Failed;
        });
    }
}
