using System.Globalization;
using RocketOps.Client;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Clusters.Groups;
using RocketOps.Operator.Masters;
using RocketOps.Protocol.Names;

namespace RocketOps.Operator.Clusters.Steps;

/// <summary>Lets producers into a group.</summary>
internal static class GroupOpening
{
    /// <summary>Gives every member of a group that serves what the spec asks for: any of them may lead it next. Each request has a deadline of its own.</summary>
    /// <returns>Whether somebody had something else.</returns>
    public static async Task<bool> OpenAsync(IRocketMqAdmin admin, MasterCalls calls, ClusterContext context, ClusterObservation observation, ObservedGroup group, CancellationToken cancellationToken)
    {
        int wanted = Wanted(context);
        ILookup<bool, ObservedMember> members = group.Members.Where(static member => member.Settled).ToLookup(member => member == group.Master);

        // The one that leads last: when it takes messages, so does whoever leads after it.
        bool[] others = await Task.WhenAll(members[false].Select(SetPermissionAsync));
        bool[] master = await Task.WhenAll(members[true].Select(SetPermissionAsync));
        return others.Concat(master).Contains(true);

        async Task<bool> SetPermissionAsync(ObservedMember member)
        {
            if (observation.Pod(member.Pod)?.Status?.PodIP is not { } podIP)
            {
                return false;
            }

            string address = MemberFiguresStep.AddressOf(podIP);
            if (await calls.WithDeadlineAsync(token => BrokerPermission.AskAsync(admin, address, token), cancellationToken) == wanted)
            {
                return false;
            }

            await calls.WithDeadlineAsync(token => BrokerPermission.SetAsync(admin, address, wanted, token), cancellationToken);
            return true;
        }
    }

    /// <summary>Returns the permission that the spec asks for.</summary>
    private static int Wanted(ClusterContext context) =>
        context.Spec.Brokers.Config?.GetValueOrDefault(BrokerPermission.Key) is { } configured && int.TryParse(configured, CultureInfo.InvariantCulture, out int permission) ? permission : PermissionBits.ReadWrite;
}
