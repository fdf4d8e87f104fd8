using System.CommandLine;
using RocketOps.Cli.Arguments;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;

namespace RocketOps.Cli.Store;

/// <summary><c>rocketops store resend</c>: sends again what was cut off a log. What the cluster has already is left out, so it can be run as often as needed.</summary>
internal static class ResendCommand
{
    public static Command Create(Shell shell)
    {
        Argument<string> directory = StoreArgument.Argument();
        Argument<string?> file = DivergedCommand.File();
        NameOption topic = NameOption.Topic("Only messages of this topic");
        Option<string?> broker = new("--broker", "-b") { Description = "Only to this broker group, as ordered topics need it; default: all that have the topic", HelpName = "NAME" };
        Option<bool> all = new("--all") { Description = "Also those of which the cluster has one with the same id" };
        Option<bool> yes = Confirmation.Yes();
        return new DocumentedCommand(
            "resend",
            "Send again what was cut off a log that had parted from its master's",
            "rocketops store resend /home/rocketmq/store",
            "rocketops store resend /home/rocketmq/store --topic orders --broker broker-a --yes")
        {
            directory, file, topic, broker, all, yes,
        }.RunsOnCluster(shell, (cluster, parsed, cancellation) => StoreArgument.RunAsync(
            shell,
            parsed.GetRequiredValue(directory),
            async root =>
            {
                LinuxFileSystem files = new();
                IReadOnlyList<DivergedLog> logs = DivergedCommand.Find(files, root, parsed.GetValue(file));
                string? wanted = parsed.GetValue(topic);
                int count = await Task.Run(() => Count(files, logs, wanted, cancellation), cancellation);
                if (count == 0)
                {
                    await shell.Error.WriteLineAsync("there is nothing to send again");
                    return ExitCodes.Success;
                }

                await Confirmation.AskAsync(shell, parsed.GetValue(yes), $"Send {CountText.Of(count, "message")} again?", cancellation);
                await using Resender resender = new(cluster, parsed.GetValue(broker), shell);
                return await RunAsync(shell, files, logs, resender, wanted, parsed.GetValue(all), cancellation);
            }));
    }

    private static int Count(LinuxFileSystem files, IReadOnlyList<DivergedLog> logs, string? topic, CancellationToken cancellation)
    {
        int count = 0;
        foreach (DivergedLog log in logs)
        {
            using DivergedReader reader = new(files, log);
            while (reader.MoveNext())
            {
                cancellation.ThrowIfCancellationRequested();
                count += Resendable.Of(reader.Current, out _) is { } message && IsWanted(message, topic) ? 1 : 0;
            }
        }

        return count;
    }

    private static bool IsWanted(Resendable message, string? topic) => topic is null || message.Topic == topic;

    private static async Task<int> RunAsync(
        Shell shell, LinuxFileSystem files, IReadOnlyList<DivergedLog> logs, Resender resender, string? topic, bool all, CancellationToken cancellation)
    {
        ResendReport report = new();
        try
        {
            foreach (DivergedLog log in logs)
            {
                using DivergedReader reader = new(files, log);
                while (reader.MoveNext())
                {
                    string of = reader.Current.TopicName;
                    if (Resendable.Of(reader.Current, out string problem) is not { } message)
                    {
                        report.AddLeftOut(of, problem);
                    }
                    else if (IsWanted(message, topic))
                    {
                        report.Add(message.Topic, await resender.SendAsync(message, all, cancellation));
                    }
                }

                report.AddProblem(log, reader.Problem);
            }
        }
        catch (Exception failure) when (failure is CommandFailedException or Client.RocketMqException)
        {
            throw new CommandFailedException($"{Failures.Describe(failure)}. {CountText.Of(report.Sent, "message")} sent; run it again to send the rest.");
        }

        await report.ToListing().WriteAsync(OutputFormat.Table, shell, shell.Output);
        return report.IsComplete ? ExitCodes.Success : ExitCodes.Failed;
    }
}
