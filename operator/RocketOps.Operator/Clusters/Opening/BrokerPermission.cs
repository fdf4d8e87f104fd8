using System.Globalization;
using RocketOps.Client;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Clusters.Steps;
using RocketOps.Operator.Masters;

namespace RocketOps.Operator.Clusters.Opening;

/// <summary>What a broker lets clients do with all of its topics, and tells name servers of.</summary>
internal static class BrokerPermission
{
    public const string Key = "brokerPermission";

    public const int Write = 2;

    /// <summary>Consumers read, producers find the broker in no route.</summary>
    public const int Read = 4;

    private const int ReadAndWrite = 6;

    /// <summary>What the spec asks for.</summary>
    public static int Wanted(ClusterContext context) =>
        context.Spec.Brokers.Config?.GetValueOrDefault(Key) is { } configured && int.TryParse(configured, CultureInfo.InvariantCulture, out int permission) ? permission : ReadAndWrite;

    public static async Task<int> AskAsync(IRocketMqAdmin admin, string address, CancellationToken cancellationToken) =>
        (await admin.GetBrokerConfigAsync(address, cancellationToken)).TryGetValue(Key, out string? text) && int.TryParse(text, CultureInfo.InvariantCulture, out int permission) ? permission : ReadAndWrite;

    public static Task SetAsync(IRocketMqAdmin admin, string address, int permission, CancellationToken cancellationToken) =>
        admin.UpdateBrokerConfigAsync(address, new Dictionary<string, string>(StringComparer.Ordinal) { [Key] = permission.ToString(CultureInfo.InvariantCulture) }, cancellationToken);

    /// <summary>Gives every member of a group that serves what the spec asks for: any of them may lead it next. Each request has a deadline of its own.</summary>
    /// <returns>Whether somebody had something else.</returns>
    public static async Task<bool> OpenAsync(IRocketMqAdmin admin, MasterCalls calls, ClusterContext context, ClusterObservation observation, GroupView group, CancellationToken cancellationToken)
    {
        int wanted = Wanted(context);
        ILookup<bool, MemberState> members = group.Members.Where(static member => member.Settled).ToLookup(member => member == group.Master);

        // The one that leads last: when it takes messages, so does whoever leads after it.
        bool[] others = await Task.WhenAll(members[false].Select(TellAsync));
        bool[] master = await Task.WhenAll(members[true].Select(TellAsync));
        return others.Concat(master).Contains(true);

        async Task<bool> TellAsync(MemberState member)
        {
            if (observation.Pod(member.Pod)?.Status?.PodIP is not { } podIP)
            {
                return false;
            }

            string address = MemberFiguresStep.AddressOf(podIP);
            if (await calls.WithDeadlineAsync(token => AskAsync(admin, address, token), cancellationToken) == wanted)
            {
                return false;
            }

            await calls.WithDeadlineAsync(token => SetAsync(admin, address, wanted, token), cancellationToken);
            return true;
        }
    }
}
