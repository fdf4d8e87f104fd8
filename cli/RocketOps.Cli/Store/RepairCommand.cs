using System.CommandLine;
using RocketOps.Broker.Topics;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Store.Dump;
using RocketOps.Store.Files;

namespace RocketOps.Cli.Store;

/// <summary><c>rocketops store repair</c>: says what is wrong with a store, asks, and mends it as its broker's next start would.</summary>
internal static class RepairCommand
{
    public static Command Create(Shell shell)
    {
        Argument<string> directory = StoreArgument.Argument();
        Option<string?> log = StoreArgument.CommitLog();
        Option<int?> slots = StoreArgument.IndexSlots();
        Option<bool> yes = Confirmation.Yes();
        Command command = new DocumentedCommand(
            "repair",
            "Mend what the next start of the broker would mend: queues and index, from the log. Prints the plan first; without --yes it asks",
            "rocketops store repair /home/rocketmq/store",
            "rocketops store repair /home/rocketmq/store --commit-log /mnt/log/commitlog --yes")
        {
            directory, log, slots, yes,
        };
        command.SetAction((result, cancellation) => StoreArgument.RunAsync(
            shell,
            result.GetRequiredValue(directory),
            async root =>
            {
                LinuxFileSystem files = new();
                StoreRepair repair = new(files, root, StoreArgument.Existing(result.GetValue(log)), result.GetValue(slots), shell.Time);
                RepairPlan plan = await Task.Run(() => repair.Plan(cancellation), cancellation);
                await TellAsync(shell, plan);
                if (plan.Refusal is not null)
                {
                    return ExitCodes.Failed;
                }

                if (plan.IsEmpty)
                {
                    return ExitCodes.Success;
                }

                await Confirmation.AskAsync(shell, result.GetValue(yes), $"Repair {root}?", cancellation);
                foreach (string done in await repair.RunAsync(
                    () => BatchTopics.Read(root, files), () => DeletedTopics.Read(root, files), cancellation))
                {
                    await shell.Output.WriteLineAsync($"done: {done}");
                }

                return ExitCodes.Success;
            }));
        return command;
    }

    private static async Task TellAsync(Shell shell, RepairPlan plan)
    {
        foreach (StoreFinding finding in plan.Findings)
        {
            await shell.Output.WriteLineAsync($"plan: {finding.Where}: {finding.What}");
        }

        if (plan.Refusal is not null)
        {
            await shell.Output.WriteLineAsync($"refused: {plan.Refusal}");
            await shell.Output.WriteLineAsync("nothing was changed");
        }
        else if (plan.IsEmpty)
        {
            await shell.Output.WriteLineAsync(
                "nothing to repair: log, queues and index fit together. \"rocketops store verify\" checks every message");
        }
        else
        {
            if (!plan.IsClean)
            {
                await shell.Output.WriteLineAsync(
                    "plan: the last stop was not clean, or this is a copy of a store in use: look for the end of the log, and close the store");
            }

            await shell.Output.WriteLineAsync(
                $"plan: read the log in {plan.CommitLog} from {plan.ReadFrom} on; what is moved away goes to {plan.DamagedDirectory}");
        }
    }
}
