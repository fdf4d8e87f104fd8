using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Clusters.Context;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>The table of faults: what each makes of a cluster that was well, in every condition, in the groups and as an event, and that all of it goes with the fault.</summary>
public sealed class FaultConditionTests(FaultConditionFixture fixture) : IClassFixture<FaultConditionFixture>
{
    private const string NoEvent = "";

    // What did not look at the reason would pass with any.
    private static readonly string[] Types = ["Ready", "Reconciling", "Stalled", "Available", "Degraded", "Replicated"];

    private static readonly Dictionary<string, Fault> Faults = new Fault[]
    {
        // Fixed roles: cluster a, groups a-0 and a-1 of two members each.
        new("disk full", "a", static of => of.RefuseAsync("a-1-0", "DISK"),
            "False DiskFull", "True", "False", "False DiskFull", "True DiskFull", "True SlavesInSync", "10", "a-1-0 takes no messages: why DISK. Make room"),
        new("a broker of before there were words", "a", static async of => of.World.Admin.Refusals[await of.AddressAsync("a-1-0")] = "the disk is full",
            "False DiskFull", "True", "False", "False DiskFull", "True DiskFull", "True SlavesInSync", "10", "a-1-0 takes no messages: the disk is full. Make room"),
        new("store cannot be written", "a", static of => of.RefuseAsync("a-1-0", "STORE"),
            "False StoreFailed", "True", "False", "False StoreFailed", "True StoreFailed", "True SlavesInSync", "10", "a-1-0 takes no messages: why STORE. Look at the volume"),
        new("too few copies", "a", static of => of.RefuseAsync("a-1-0", "COPIES"),
            "False InSyncShort", "True", "False", "False InSyncShort", "True InSyncShort", "True SlavesInSync", "10", "a-1-0 takes no messages: why COPIES. Bring"),
        new("permission set by hand", "a", static async of => of.World.Admin.Permissions[await of.AddressAsync("a-1-0")] = "4",
            "False NotWritable", "True", "False", "False NotWritable", "True NotWritable", "True SlavesInSync", "10", "a-1-0 takes no messages: brokerPermission lets nobody write. Take brokerPermission"),
        new("a word of a broker of tomorrow", "a", static of => of.RefuseAsync("a-0-0", "MOON"),
            "False NotWritable", "True", "False", "False NotWritable", "True NotWritable", "True SlavesInSync", "01", "a-0-0 takes no messages: why MOON."),
        new("slave does not follow", "a", static of => of.UnfollowAsync("a-1-1"),
            "False NotFollowing", "True", "False", "True MastersRegistered", "True NotFollowing", "False NotFollowing", "11", "a-1-1 does not copy its master's log: its log has another record."),
        new("master does not answer", "a", static async of => of.World.Admin.Silent[await of.AddressAsync("a-1-0")] = true,
            "False Unanswering", "True", "False", "Unknown Unanswering", "True Unanswering", "False SlavesUnknown", "10", "a-1-0, the master of a-1, does not answer the operator"),
        new("one name server is silent", "a", static async of => of.World.Admin.Differing[await of.World.NameServerAsync("a-nameserver-1")] = null,
            "False NameServersUnreachable", "True", "False", "True MastersRegistered", "True NameServersUnreachable", "True SlavesInSync", "11", "Name servers that serve do not answer the operator: "),
        new("all name servers are silent", "a", static of => Now(() => of.World.Admin.Registered = null),
            "False NameServersUnreachable", "True", "False", "Unknown NameServersUnreachable", "True NameServersUnreachable", "True SlavesInSync", "11", "The name servers at a-nameserver"),
        new("slave crashes", "a", static of => Now(() => of.World.Workloads.Healthy = static pod => pod.Name() != "a-1-1"),
            "False PodsFailing", "False", "True", "True MastersRegistered", "True PodsNotReady", "False SlavesUnknown", "11", "a-1-1: CrashLoopBackOff. Waiting does not help: "),
        new("master crashes", "a", static of => Now(() => of.World.Workloads.Healthy = static pod => pod.Name() != "a-1-0"),
            "False PodsFailing", "False", "True", "False MasterMissing", "True MasterMissing", "False SlavesUnknown", "10", "a-1-0: CrashLoopBackOff. Waiting does not help: "),
        new("master does not serve any more", "a",
            static of => Now(() =>
            {
                of.World.Workloads.Sick = KubeletWords.Starting;
                of.World.Workloads.Healthy = static pod => pod.Name() != "a-1-0";
            }),
            "False MasterMissing", "True", "False", "False MasterMissing", "True MasterMissing", "False SlavesUnknown", "10", "a-1 takes no messages. a-1-0: running, not ready yet."),
        new("name server crashes", "a", static of => Now(() => of.World.Workloads.NameServerServes = static number => number != 1),
            "False PodsFailing", "False", "True", "True MastersRegistered", "True PodsNotReady", "True SlavesInSync", "11", "a-nameserver-1: CrashLoopBackOff. Waiting does not help: "),
        new("image cannot be had", "a", static of => Now(() => SickAs(of, static status => status.ContainerStatuses![0].State = new ContainerState { Waiting = new ContainerStateWaiting { Reason = "ImagePullBackOff" } })),
            "False PodsFailing", "False", "True", "True MastersRegistered", "True PodsNotReady", "False SlavesUnknown", "11", "a-1-1: ImagePullBackOff (test). Waiting does not help: "),
        new("image could not be had once", "a", static of => Now(() => SickAs(of, static status => status.ContainerStatuses![0].State = new ContainerState { Waiting = new ContainerStateWaiting { Reason = "ErrImagePull" } })),
            "False PodsNotReady", "True", "False", "True MastersRegistered", "True PodsNotReady", "False SlavesUnknown", "11", "a-1-1: ImagePullBackOff (test)."),
        new("no node has room", "a", static of => Now(() => SickAs(of, static status => KubeletWords.Unscheduled(status))),
            "False PodsNotReady", "True", "False", "True MastersRegistered", "True PodsNotReady", "False SlavesUnknown", "11", "a-1-1: Unschedulable (no room)."),
        new("pod cannot be made", "a",
            static async of =>
            {
                of.World.Workloads.Makes = static pod => pod != "a-1-1";
                await of.World.Client.DeleteAsync<Pod>("a-1-1", OperatorWorld.Ns);
            },
            "False PodsNotReady", "True", "False", "True MastersRegistered", "True PodsNotReady", "False SlavesUnknown", "11", "a-1-1: not there yet."),
        new("first pod of a restart fails", "a",
            static async of =>
            {
                string[] proven = [await of.World.ConfigurationAsync("a-0-0"), await of.World.ConfigurationAsync("a-1-0")];
                of.World.Workloads.Healthy = pod => !pod.Name().StartsWith("a-", StringComparison.Ordinal) || pod.Name().Contains("nameserver", StringComparison.Ordinal) || proven.Contains(OperatorWorld.Configuration(pod));
                await of.RollAsync("a", "4711");
            },
            // It gets what ran back, and serves.
            "False RolloutFailing", "False", "True", "True MastersRegistered", "False AsExpected", "True SlavesInSync", "11", "The current configuration, image or resources do not start a broker: a-0-1",
            static of => of.World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null)),
        new("last pod of a restart fails", "a",
            static async of =>
            {
                string proven = await of.World.ConfigurationAsync("a-1-0");
                of.World.Workloads.Healthy = pod => pod.Name() != "a-1-0" || proven == OperatorWorld.Configuration(pod);
                await of.RollAsync("a", "4712");

                // The slave, which serves with it, goes back as well.
                await of.World.AwaitAsync<StatefulSet>("a-1", static set => set.Metadata.Annotations!.ContainsKey("rocketops.io/failed"), "it fails");
                await of.World.AwaitAsync<Pod>("a-1-0", pod => OperatorWorld.Configuration(pod) == proven && ClusterObservation.IsReady(pod), "the master has what ran");
                await of.World.AwaitAsync<Pod>("a-1-1", pod => OperatorWorld.Configuration(pod) == proven && ClusterObservation.IsReady(pod), "so has the slave");
            },
            "False RolloutFailing", "False", "True", "True MastersRegistered", "False AsExpected", "True SlavesInSync", "11", "The current configuration, image or resources do not start a broker: a-1-0: CrashLoopBackOff. ",
            static of => of.World.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Config = null)),
        new("restarts are paused", "a",
            static async of =>
            {
                await of.PauseAsync("restarts");
                await of.RollAsync("a", "100");
            },
            "False Paused", "True", "False", "True MastersRegistered", "False AsExpected", "True SlavesInSync", "11", NoEvent,
            static of => of.PauseAsync(null)),
        new("paused with changes", "a",
            static async of =>
            {
                await of.PauseAsync("true");
                await of.RollAsync("a", "101");
            },
            "False Paused", "True", "False", "True MastersRegistered", "False AsExpected", "True SlavesInSync", "11", NoEvent,
            static of => of.PauseAsync(null)),

        // A group that elects its master: cluster e, group e-0 of two members.
        new("too few copies of an elected group", "e",
            static async of =>
            {
                string slave = of.Slave;
                of.Elected.CatchesUp = pod => pod != slave;
                of.World.Pulse!.Beat();
                await of.RefuseAsync(of.Master, "COPIES");
            },
            "False InSyncShort", "True", "False", "False InSyncShort", "True InSyncShort", "False SlavesBehind", "0", "takes no messages: why COPIES. Bring"),
        new("copies are too few without a slave that does not serve", "e",
            static of =>
            {
                string slave = of.Slave;
                of.World.Workloads.Sick = KubeletWords.Starting;
                of.World.Workloads.Healthy = pod => pod.Name() != slave;
                return of.RefuseAsync(of.Master, "COPIES");
            },
            "False InSyncShort", "True", "False", "False InSyncShort", "True InSyncShort", "False SlavesUnknown", "0", "takes no messages: why COPIES. Bring"),
        new("elected follower does not follow", "e",
            static async of =>
            {
                string slave = of.Slave;
                of.Elected.CatchesUp = pod => pod != slave;
                of.World.Pulse!.Beat();
                await of.UnfollowAsync(slave);
            },
            "False NotFollowing", "True", "False", "True MastersRegistered", "True NotFollowing", "False NotFollowing", "1", "does not copy its master's log: its log has another record."),
        new("no Lease", "e",
            static async of =>
            {
                await of.Elected.CutOffAsync();
                await of.World.Client.DeleteAsync<Lease>("e-0", OperatorWorld.Ns);
            },
            "False MasterMissing", "True", "False", "False MasterMissing", "True MasterMissing", "False SlavesUnknown", "0", "No serving master: e-0 (it has no Lease)."),
        new("free Lease", "e", static of => of.LeaseAsync(static lease => lease.Spec!.HolderIdentity = null),
            "False MasterMissing", "True", "False", "False MasterMissing", "True MasterMissing", "False SlavesUnknown", "0", "No serving master: e-0 (nobody holds its Lease).",
            static of => of.LeaseAsync(lease => lease.Spec!.HolderIdentity = of.Master)),
        new("expired Lease", "e",
            static of => of.LeaseAsync(static lease => (lease.Spec!.LeaseDurationSeconds, lease.Spec.RenewTime) = (1, DateTimeOffset.UnixEpoch)),
            "False MasterMissing", "True", "False", "False MasterMissing", "True MasterMissing", "False SlavesUnknown", "0", " does not renew its Lease).",
            static of => of.LeaseAsync(static lease => (lease.Spec!.LeaseDurationSeconds, lease.Spec.RenewTime) = (null, DateTimeOffset.UnixEpoch.AddDays(1)))),
        new("Lease of a stranger", "e", static of => of.LeaseAsync(static lease => lease.Spec!.HolderIdentity = "stranger"),
            "False MasterMissing", "True", "False", "False MasterMissing", "True MasterMissing", "False SlavesUnknown", "0", "No serving master: e-0 (stranger holds its Lease and is no member).",
            static of => of.LeaseAsync(lease => lease.Spec!.HolderIdentity = of.Master)),
        new("holder says that it does not lead", "e", static of => Now(() => of.World.Admin.Leading = "nobody"),
            "False MasterMissing", "True", "False", "False MasterMissing", "True MasterMissing", "False SlavesUnknown", "0", " holds its Lease and does not lead yet)."),
        new("holder says why it does not lead", "e", static of => of.RefuseAsync(of.Master, "NOT_LEADING"),
            "False MasterMissing", "True", "False", "False MasterMissing", "True MasterMissing", "False SlavesUnknown", "0", " holds its Lease and does not lead yet)."),
        new("restart waits for a copy", "e",
            static async of =>
            {
                string slave = of.Slave;
                of.Elected.CatchesUp = pod => pod != slave;
                of.World.Pulse!.Beat();
                await of.RollAsync("e", "102");
            },
            "False WaitingForSync", "True", "False", "True MastersRegistered", "False AsExpected", "False SlavesBehind", "1", NoEvent),
        new("master does not hand over", "e",
            static of =>
            {
                of.Elected.HandsOver = static _ => false;
                return of.RollAsync("e", "103");
            },
            "False HandOverFailing", "True", "False", "True MastersRegistered", "False AsExpected", "True SlavesInSync", "1", " was asked several times to hand e-0 over to "),
    }.ToDictionary(static fault => fault.Name, StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. Faults.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Fault_OfAClusterThatWasWell_IsToldAlikeEverywhereAndGoesByItself(string name)
    {
        Fault fault = Faults[name];
        OperatorWorld world = fixture.World;
        string well = Render(fault with { Ready = "True AllReady", Reconciling = "False", Stalled = "False", Available = "True MastersRegistered", Degraded = "False AsExpected", Replicated = "True SlavesInSync", Groups = fault.Groups.Replace('0', '1') });
        await ShowsAsync(fault.Cluster, well, "it is well before");

        try
        {
            await fault.Happen(fixture);

            // Steps that were on their way may be told of yet, like a pod that goes back to what ran; what shows for five passes stays.
            await Eventually.TrueAsync(
                async () =>
                {
                    await ShowsAsync(fault.Cluster, Render(fault), "the fault shows");
                    await world.PassesAsync(5);
                    return Render((await world.Client.GetAsync<BrokerCluster>(fault.Cluster, OperatorWorld.Ns))!) == Render(fault);
                },
                "it stays like this while it is there");
            if (fault.Event.Length > 0)
            {
                await Eventually.TrueAsync(async () => (await WarningsAsync(fault.Cluster)).Any(note => note.Contains(fault.Event, StringComparison.Ordinal)), "an event tells of it");
            }
        }
        finally
        {
            // Also where the row is wrong: the others have the same world.
            fixture.Mend();
            await fault.Mend(fixture);
        }

        await ShowsAsync(fault.Cluster, well, "it leaves by itself");
        (world.Workloads.Failure, fixture.Elected.Failure).Should().Be((null, null));
    }

    private static Task Now(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static void SickAs(FaultConditionFixture of, Action<PodStatus> how)
    {
        of.World.Workloads.Sick = status =>
        {
            how(status);
            return status;
        };
        of.World.Workloads.Healthy = static pod => pod.Name() != "a-1-1";
    }

    private static string Render(Fault fault) =>
        $"Ready {fault.Ready}, Reconciling {fault.Reconciling}, Stalled {fault.Stalled}, Available {fault.Available}, Degraded {fault.Degraded}, Replicated {fault.Replicated}, groups {string.Join(' ', fault.Groups.Select(group => group == '1' ? "1" : $"0 {fault.Available.Split(' ')[1]}"))}, {fault.Groups.Count(static group => group == '1')} ready";

    private static string Render(BrokerCluster cluster)
    {
        IEnumerable<string> conditions = Types.Select(type => Conditions.Find(cluster.Status!.Conditions, type)!)
            .Select(static condition => condition.Type is "Reconciling" or "Stalled" ? $"{condition.Type} {condition.Status}" : $"{condition.Type} {condition.Status} {condition.Reason}");
        return $"{string.Join(", ", conditions)}, groups {string.Join(' ', cluster.Status!.Groups!.Select(static group => group.Ready ? "1" : $"0 {group.Reason}"))}, {cluster.Status.ReadyGroups} ready";
    }

    private async Task ShowsAsync(string cluster, string expected, string what)
    {
        string shown = "";
        try
        {
            await Eventually.TrueAsync(async () => (shown = Render((await fixture.World.Client.GetAsync<BrokerCluster>(cluster, OperatorWorld.Ns))!)) == expected, what);
        }
        catch (TimeoutException late)
        {
            BrokerClusterStatus status = (await fixture.World.Client.GetAsync<BrokerCluster>(cluster, OperatorWorld.Ns))!.Status!;
            string messages = string.Join('\n', status.Conditions!.Select(static condition => $"{condition.Type}: {condition.Message}"));
            throw new TimeoutException($"{late.Message}\nexpected {expected}\nbut was  {shown}\n{messages}\n{fixture.World.Workloads.Failure} {fixture.Elected.Failure}", late);
        }
    }

    private async Task<IEnumerable<string>> WarningsAsync(string cluster) =>
        (await fixture.World.Client.ListAsync<Event>()).Items.Where(happened => happened.Type == "Warning" && happened.Regarding?.Name == cluster).Select(static happened => happened.Note ?? "");

    /// <summary>A row.</summary>
    /// <param name="Name">What is wrong.</param>
    /// <param name="Cluster">Of which cluster.</param>
    /// <param name="Happen">Makes it so.</param>
    /// <param name="Ready">Status and reason.</param>
    /// <param name="Reconciling">Status.</param>
    /// <param name="Stalled">Status.</param>
    /// <param name="Available">Status and reason.</param>
    /// <param name="Degraded">Status and reason.</param>
    /// <param name="Replicated">Status and reason.</param>
    /// <param name="Groups">Of each group whether it is ready.</param>
    /// <param name="Event">What the warning says; nothing where nobody is warned.</param>
    /// <param name="Mended">What ends it beside the world's becoming as it was.</param>
    private sealed record Fault(
        string Name,
        string Cluster,
        Func<FaultConditionFixture, Task> Happen,
        string Ready,
        string Reconciling,
        string Stalled,
        string Available,
        string Degraded,
        string Replicated,
        string Groups,
        string Event,
        Func<FaultConditionFixture, Task>? Mended = null)
    {
        public Func<FaultConditionFixture, Task> Mend => Mended ?? (static _ => Task.CompletedTask);
    }
}
