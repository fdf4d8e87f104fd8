using System.Globalization;
using RocketOps.Cli.Connecting;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Client;

namespace RocketOps.Cli.Clusters;

/// <summary>Has the master of a group hand over by asking it, and waits until the other member leads.</summary>
internal sealed class BrokerSwitchover(Shell shell, ClusterConnection cluster, Changes changes)
{
    /// <summary>A hand-over takes fractions of a second, and is given up by the master after five.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(100);

    /// <param name="group">The group.</param>
    /// <param name="to">Who is to lead; null for the one in sync that has most.</param>
    /// <param name="cancellation">Ends the waiting, not the hand-over.</param>
    public async Task RunAsync(string group, string? to, CancellationToken cancellation)
    {
        BrokerData broker = await FindAsync(group, cancellation);
        string master = broker.MasterAddress ?? throw CommandFailedException.Missing($"nobody leads {group}, so nobody can hand over; its members say why in their logs.");
        string? before = (await cluster.Admin.GetBrokerRuntimeInfoAsync(master, cancellation)).GetValueOrDefault("rocketOpsMember");
        (string target, long epoch) = await BeginAsync(master, group, to, cancellation);
        long begun = shell.Time.GetTimestamp();
        while (true)
        {
            if (await LeaderAsync(group, epoch, cancellation) is { } leader)
            {
                await changes.DoneAsync(
                    string.Create(CultureInfo.InvariantCulture, $"{leader.Member} leads {group} in epoch {leader.Epoch}."),
                    SwitchoverCommand.Fields(group, before, leader.Member, leader.Epoch));
                if (leader.Member != target)
                {
                    throw new CommandFailedException($"{leader.Member} was elected instead of {target}.");
                }

                return;
            }

            if (shell.Time.GetElapsedTime(begun) > shell.Patient(Patience))
            {
                throw new CommandFailedException($"{group} has not been handed over to {target}; the master, {master}, says why in its log.");
            }

            await Task.Delay(LookPeriod, shell.Time, cancellation);
        }
    }

    private async Task<BrokerData> FindAsync(string group, CancellationToken cancellation)
    {
        ClusterInfo info = await cluster.Admin.GetClusterInfoAsync(cancellation);
        return info.Brokers.GetValueOrDefault(group) ?? throw CommandFailedException.Missing($"the name servers know no group {group}.{NearestWord.Hint(group, info.Brokers.Keys)}");
    }

    private async Task<(string Target, long Epoch)> BeginAsync(string master, string group, string? to, CancellationToken cancellation)
    {
        try
        {
            return await cluster.Admin.HandOverMasterAsync(master, group, to, cancellation);
        }
        catch (RocketMqException refused) when (refused.ResponseCode is not null)
        {
            throw new CommandFailedException($"{refused.Remark ?? "refused without a reason"} (answered by {master}).");
        }
    }

    /// <summary>Finds the member that leads in a later epoch, as it says itself; null while none does.</summary>
    private async Task<(string Member, long Epoch)?> LeaderAsync(string group, long after, CancellationToken cancellation)
    {
        foreach (string address in (await FindAsync(group, cancellation)).Addresses.Values)
        {
            try
            {
                IReadOnlyDictionary<string, string> figures = await cluster.Admin.GetBrokerRuntimeInfoAsync(address, cancellation);
                if (figures.GetValueOrDefault("brokerActive") == "true" && figures.GetValueOrDefault("rocketOpsMember") is { } member
                    && long.TryParse(figures.GetValueOrDefault("rocketOpsEpoch"), CultureInfo.InvariantCulture, out long epoch) && epoch > after)
                {
                    return (member, epoch);
                }
            }
            catch (RocketMqException)
            {
                // A member that does not answer does not lead; the others are asked.
                continue;
            }
        }

        return null;
    }
}
