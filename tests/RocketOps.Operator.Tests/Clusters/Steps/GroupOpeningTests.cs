using RocketOps.Client;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Clusters.Steps;

/// <summary>Groups that come to a cluster that has run: no producer finds them before they have what the others have.</summary>
public sealed class GroupOpeningTests : IAsyncDisposable
{
    private OperatorWorld? _started;

    private OperatorWorld World => _started!;

    private string Newcomer => World.Admin.Registered!["a-1"][0];

    public async ValueTask DisposeAsync()
    {
        if (_started is { } world)
        {
            await world.DisposeAsync();
        }
    }

    [Fact]
    public async Task MoreGroups_OpenedAfterEverythingIsThere()
    {
        await StartAsync();
        string first = World.Admin.Registered!["a-0"][0];
        World.Admin.Put(first, new TopicConfig { Name = "plain", ReadQueues = 3, WriteQueues = 3, Attributes = new Dictionary<string, string> { ["message.type"] = "FIFO" } });
        World.Admin.Put(first, new TopicConfig { Name = "%RETRY%billing", ReadQueues = 1, WriteQueues = 1 });
        World.Admin.Put(first, new TopicConfig { Name = "%DLQ%billing", ReadQueues = 1, WriteQueues = 1 });
        World.Admin.Put(first, new TopicConfig { Name = "a_REPLY_TOPIC", ReadQueues = 1, WriteQueues = 1 });
        World.Admin.Put(first, new TopicConfig { Name = "DefaultHeartBeatSyncerTopic", ReadQueues = 2, WriteQueues = 2 });
        World.Admin.Put(first, new TopicConfig { Name = "RMQ_SYS_TRANS_HALF_TOPIC", ReadQueues = 1, WriteQueues = 1 });
        World.Admin.Put(first, new TopicConfig { Name = "a-0", ReadQueues = 1, WriteQueues = 1 });
        World.Admin.Put(first, new SubscriptionGroupConfig { Name = "billing", RetryMaxTimes = 7, Attributes = new Dictionary<string, string> { ["priority.factor"] = "50" } });
        World.Admin.Put(first, new SubscriptionGroupConfig { Name = "CID_RMQ_SYS_TRANS" });
        await World.CreateGroupAsync("audit", "a");
        await World.GroupAsync("audit", "Ready", "True");
        World.Admin.Writes.Clear();

        await AskForAsync(2);

        await World.ClusterAsync("a", "Ready", "True");
        string[] writes = [.. World.Admin.Writes.Where(write => write.StartsWith(Newcomer + ' ', StringComparison.Ordinal)).Select(write => write[(Newcomer.Length + 1)..])];
        writes[^1].Should().Be("permission 6", "producers come last");
        writes[..^1].Should().BeEquivalentTo(
            ["orders 8/8 6", "group audit 16", "plain 3/3 6", "group billing 7 +priority.factor=50", "DefaultHeartBeatSyncerTopic 2/2 6"],
            "proxies make theirs only when they find none, and brokers their own everywhere");
        Array.IndexOf(writes, "plain 3/3 6").Should().BeGreaterThan(Array.IndexOf(writes, "group billing 7 +priority.factor=50"), "consumers have their groups first");
        World.Admin.Topic(Newcomer, "plain")!.Attributes.Should().Contain("message.type", "FIFO");
        World.Admin.Writes.Should().NotContain(write => write.StartsWith(first + ' ', StringComparison.Ordinal), "nothing is done to those that are there");
        await World.GoneAsync<ConfigMap>("a-1-closed");
        (await EventsAsync()).Should().ContainSingle(static e => e.Reason == "GroupOpened").Which.Type.Should().Be("Normal");

        // What comes without an object later is nobody's business.
        World.Admin.Put(first, new TopicConfig { Name = "later", ReadQueues = 3, WriteQueues = 3 });
        await World.PassesAsync(4);
        World.Admin.Topic(Newcomer, "later").Should().BeNull();
    }

    /// <summary>The others take messages, and nobody misses what was never there: whoever waits for the cluster, or is woken by it, hears nothing of a fault.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MoreGroups_NewcomerTakesItsTime_TheClusterIsAvailable(bool isMade)
    {
        await StartAsync();
        World.Workloads.Makes = pod => isMade || pod != "a-1-0";
        World.Workloads.Healthy = static pod => pod.Name() != "a-1-0";
        World.Workloads.Sick = KubeletWords.Starting;

        await AskForAsync(2);

        await PhaseAsync(OperationPhase.Waiting, "its master to serve");
        await World.PassesAsync(5);
        BrokerCluster opening = (await World.Client.GetAsync<BrokerCluster>("a", OperatorWorld.Ns))!;
        Conditions.Find(opening.Status!.Conditions, "Available").Should().BeEquivalentTo(new { Status = "True", Reason = Reasons.MastersRegistered });
        Conditions.Find(opening.Status.Conditions, "Degraded")!.Status.Should().Be("False");
        opening.Status.ReadyGroups.Should().Be(1);
        (await World.Client.ListAsync<Event>()).Items.Should().NotContain(static e => e.Type == "Warning");

        (World.Workloads.Makes, World.Workloads.Healthy) = (static _ => true, static _ => true);
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>What was known of who is registered would do for half a round where nothing is awaited.</summary>
    [Fact]
    public async Task MoreGroups_OpenedWithoutWaitingForARound()
    {
        await StartAsync(configure: static options => options with { ResyncInterval = TimeSpan.FromHours(1) });
        await World.CreateGroupAsync("audit", "a");
        await World.GroupAsync("audit", "Ready", "True");

        await AskForAsync(2);

        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Permissions[Newcomer].Should().Be("6");
        World.Admin.Topic(Newcomer, "orders").Should().NotBeNull();
    }

    /// <summary>Nothing tells of a name server that has caught up: topics and consumer groups look again by themselves while a group waits for them.</summary>
    [Fact]
    public async Task NameServerIsLate_OpenedSoonAfterItKnows()
    {
        await StartAsync(configure: static options => options with { ResyncInterval = TimeSpan.FromHours(1) });
        await World.CreateGroupAsync("audit", "a");
        await World.GroupAsync("audit", "Ready", "True");
        World.Admin.KnownToAny = World.Admin.Registered;
        await AskForAsync(2);
        await PhaseAsync(OperationPhase.Filling, "ConsumerGroup audit to be on it");
        await World.QuietAsync();

        World.Admin.KnownToAny = null;

        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Permissions[Newcomer].Should().Be("6");
        World.Admin.Topic(Newcomer, "orders").Should().NotBeNull();
    }

    /// <summary>The groups that a cluster begins with have nobody to be compared with.</summary>
    [Fact]
    public async Task FirstGroups_NotClosed()
    {
        await StartAsync(groups: 3);

        World.Writes.Should().NotContain(static write => write.Contains("-closed", StringComparison.Ordinal));
        World.Admin.Writes.Should().NotContain(static write => write.Contains("permission", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TopicIsMissing_StaysClosedAcrossRestartsOfBrokerAndOperatorAndSaysForWhatItWaits()
    {
        await StartAsync(replicas: 2);
        World.Workloads.KeepsAddresses = true;
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateTopicAsync" ? throw new RocketMqException("nobody answers") : 0;

        await AskForAsync(2);

        await PhaseAsync(OperationPhase.Filling, "it waits for Topic orders to be on it");
        await World.ClusterAsync("a", "Ready", "False", Reasons.Opening);
        string[] members = [.. World.Admin.Registered!["a-1"].Values];
        members.Should().HaveCount(2).And.OnlyContain(member => World.Admin.Permissions[member] == "4", "any of them may lead");
        await World.StopOperatorAsync();
        string before = (await World.Client.GetAsync<Pod>("a-1-0", OperatorWorld.Ns))!.Uid()!;
        await World.Client.DeleteAsync<Pod>("a-1-0", OperatorWorld.Ns);
        await World.AwaitAsync<Pod>("a-1-0", pod => pod.Uid() != before && pod.Status?.PodIP is not null, "another pod");
        await World.Workloads.LookedAsync();
        await World.StartOperatorAsync();
        await World.ClusterAsync("a", "Reconciling", "True", Reasons.Opening);
        await World.PassesAsync(4);
        World.Admin.Permissions[Newcomer].Should().Be("4");
        World.Admin.Writes.Should().NotContain(static write => write.Contains("permission", StringComparison.Ordinal));

        World.Admin.Fault = null;
        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Permissions[Newcomer].Should().Be("6");
    }

    [Fact]
    public async Task TwoComeAndOneDoesNotServe_TheOtherIsOpened()
    {
        await StartAsync();
        World.Workloads.Healthy = static pod => pod.Name() != "a-2-0";

        await AskForAsync(3);

        await Eventually.TrueAsync(() => World.Admin.Registered!.ContainsKey("a-1") && World.Admin.Permissions.GetValueOrDefault(Newcomer) == "6", "a new group has nothing that another one lacks");
        await PhaseAsync(OperationPhase.Waiting, "its master to serve", "a-2");
        World.Workloads.Healthy = static _ => true;
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>One after the other, many that do not answer would take longer than a pass may, and no status would tell of it.</summary>
    [Fact]
    public async Task SeveralCome_AskedAtOnce()
    {
        await StartAsync();
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateTopicAsync" ? throw new RocketMqException("nobody answers") : 0;
        await AskForAsync(4);
        string[] groups = ["a-1", "a-2", "a-3"];
        foreach (string group in groups)
        {
            await PhaseAsync(OperationPhase.Filling, "it waits for Topic orders to be on it", group);
        }

        AskedTogether newcomers = new(World.Admin, [.. groups.Select(World.Master)]);
        newcomers.Hold();

        await newcomers.AllAskedAsync();

        newcomers.Release();
        World.Admin.Fault = null;
        await World.ClusterAsync("a", "Ready", "True");
    }

    /// <summary>It may have topics without an object.</summary>
    [Fact]
    public async Task AnotherGroupDoesNotServe_WaitsForWhatThatHas()
    {
        await StartAsync(groups: 2);
        World.Admin.Put(World.Master("a-1"), new TopicConfig { Name = "plain", ReadQueues = 3, WriteQueues = 3 });
        World.Workloads.Healthy = static pod => pod.Name() != "a-1-0";
        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status!.Groups!.Single(static group => group.Name == "a-1").Members!.Exists(static member => !member.Ready), "the status tells it");

        await AskForAsync(3);

        await PhaseAsync(OperationPhase.Filling, "the master of a-1 to serve: what that has is copied", "a-2");
        string newcomer = World.Master("a-2");
        World.Admin.Permissions[newcomer].Should().Be("4");
        World.Workloads.Healthy = static _ => true;
        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Topic(newcomer, "plain").Should().NotBeNull();
    }

    [Fact]
    public async Task TopicIsRefused_NotWaitedFor()
    {
        await StartAsync();
        string first = World.Admin.Registered!["a-0"][0];
        World.Admin.Put(first, new TopicConfig { Name = "plain", ReadQueues = 3, WriteQueues = 3 });
        World.Admin.RefusesTopic = (address, topic) => address != first ? $"no {topic} here" : null;

        await AskForAsync(2);

        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Permissions[Newcomer].Should().Be("6");
        await World.TopicAsync("orders", "Stalled", "True", Reasons.Refused);
        (await EventsAsync()).Should().ContainSingle(static e => e.Reason == "GroupOpened").Which.Should().Match<Event>(static e => e.Type == "Warning" && e.Note!.Contains("topic plain (no plain here)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task TopicNeverComes_OpenedAfterAWhileWithAWarning()
    {
        await StartAsync(configure: static options => options with { OpeningGrace = TimeSpan.Zero });
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateTopicAsync" ? throw new RocketMqException("nobody answers") : 0;

        await AskForAsync(2);

        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Permissions[Newcomer].Should().Be("6");
        (await EventsAsync()).Should().ContainSingle(static e => e.Reason == "GroupOpened").Which.Should().Match<Event>(static e => e.Type == "Warning" && e.Note!.Contains("in vain for Topic orders", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SetBackBeforeItIsOpened_GoesAndLeavesNothing()
    {
        await StartAsync();
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateTopicAsync" ? throw new RocketMqException("nobody answers") : 0;
        await AskForAsync(2);
        await PhaseAsync(OperationPhase.Filling, "Topic orders");

        await AskForAsync(1);

        await World.ClusterAsync("a", "Ready", "True");
        await World.GoneAsync<StatefulSet>("a-1");
        await World.GoneAsync<ConfigMap>("a-1-closed");
        World.Admin.Writes.Should().NotContain(static write => write.Contains("permission", StringComparison.Ordinal));
    }

    /// <summary>It was to go before it was opened: nobody opens it but the one who sees to what it has.</summary>
    [Fact]
    public async Task SetBackAndForthBeforeItIsOpened_StaysClosedUntilEverythingIsThere()
    {
        await StartAsync(configure: static options => options with { RouteRefreshGrace = TimeSpan.FromHours(1) });
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateTopicAsync" ? throw new RocketMqException("nobody answers") : 0;
        await AskForAsync(2);
        await PhaseAsync(OperationPhase.Filling, "Topic orders");
        await AskForAsync(1);
        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.Operations?.Exists(static operation => operation.Type == OperationType.Drain) == true, "it is to go");

        await AskForAsync(2);

        await World.AwaitAsync<StatefulSet>("a-1", static set => set.Annotation("rocketops.io/draining") is null, "it stays");
        await PhaseAsync(OperationPhase.Filling, "Topic orders");
        World.Admin.Permissions[Newcomer].Should().Be("4");
        World.Admin.Fault = null;
        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Permissions[Newcomer].Should().Be("6");
    }

    /// <summary>Producers of such a topic go by the name servers' entry alone, and would be refused.</summary>
    [Fact]
    public async Task OrderedTopic_GroupComesIntoItsEntryWhenItIsOpened()
    {
        await StartAsync();
        await World.ChangeAsync<Topic>("orders", static topic => topic.Spec.Order = true);
        await World.TopicAsync("orders", "Ready", "True");
        await World.CreateGroupAsync("audit", "a");
        await World.GroupAsync("audit", "Ready", "True");
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateSubscriptionGroupAsync" ? throw new RocketMqException("nobody answers") : 0;

        await AskForAsync(2);

        await PhaseAsync(OperationPhase.Filling, "ConsumerGroup audit");
        await World.AwaitAsync<Topic>("orders", static topic => topic.Status?.Brokers?.Count == 2, "it is on the new group");
        await World.PassesAsync(4);
        World.Admin.Values[("ORDER_TOPIC_CONFIG", "orders")].Should().Be("a-0:8");
        World.Admin.Fault = null;
        await Eventually.TrueAsync(() => World.Admin.Values[("ORDER_TOPIC_CONFIG", "orders")] == "a-0:8;a-1:8", "the new group is in the entry");
    }

    [Fact]
    public async Task TopicIsOnOtherGroupsOnly_NotWaitedFor()
    {
        await StartAsync();
        await World.ChangeAsync<Topic>("orders", static topic => topic.Spec.Groups = [0]);

        await AskForAsync(2);

        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Permissions[Newcomer].Should().Be("6");
        World.Admin.Topic(Newcomer, "orders").Should().BeNull("its object speaks of it");
    }

    /// <summary>Its producers would be refused by the one and kept out of the other.</summary>
    [Fact]
    public async Task TopicMovesToTheNewGroup_StaysOpenWhereItWasUntilThatIsOpened()
    {
        await StartAsync();
        await World.CreateGroupAsync("audit", "a");
        await World.GroupAsync("audit", "Ready", "True");
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateSubscriptionGroupAsync" ? throw new RocketMqException("nobody answers") : 0;
        await AskForAsync(2);
        await PhaseAsync(OperationPhase.Filling, "ConsumerGroup audit");
        await World.PassesAsync(4);

        await World.ChangeAsync<Topic>("orders", static topic => topic.Spec.Groups = [1]);

        await World.AwaitAsync<Topic>("orders", static topic => topic.Status!.Brokers!.Exists(static broker => broker is { Name: "a-0", Removal: TopicRemovalPhase.Waiting }), "it waits");
        await World.PassesAsync(4);
        World.Admin.Topic(World.Admin.Registered!["a-0"][0], "orders")!.Permission.Should().Be(RocketOps.Client.TopicPermission.ReadWrite);
        World.Admin.Fault = null;
        await World.AwaitAsync<Topic>("orders", static topic => topic.Status!.Brokers is [{ Name: "a-1" }], "it has moved");
    }

    /// <summary>What the spec says of permissions waits, too, and counts afterwards.</summary>
    [Fact]
    public async Task SpecNamesAPermission_AppliedWhenItIsOpened()
    {
        await StartAsync(configureSpec: static spec => spec.Brokers.Config = new() { ["brokerPermission"] = "7" });
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateTopicAsync" ? throw new RocketMqException("nobody answers") : 0;
        await AskForAsync(2);
        await PhaseAsync(OperationPhase.Filling, "Topic orders");
        await World.PassesAsync(4);
        World.Admin.Permissions[Newcomer].Should().Be("4");

        World.Admin.Fault = null;

        await World.ClusterAsync("a", "Ready", "True");
        World.Admin.Permissions[Newcomer].Should().Be("7");
    }

    /// <summary>A container that starts again within minutes may see the map as it was: it is told again.</summary>
    [Fact]
    public async Task MemberStartsWithAnOlderCopyOfTheMap_OpenedAgain()
    {
        await StartAsync(configure: static options => options with { ConfigRefreshGrace = TimeSpan.FromHours(1) });
        await AskForAsync(2);
        await World.ClusterAsync("a", "Ready", "True");

        World.Admin.Permissions[Newcomer] = "4";

        await Eventually.TrueAsync(() => World.Admin.Permissions[Newcomer] == "6", "opened again");
        (await World.Client.GetAsync<ConfigMap>("a-1-closed", OperatorWorld.Ns))!.Data.Should().BeNullOrEmpty();
    }

    /// <summary>A slave that reads the map before its group is opened, and serves long after: it may lead one day.</summary>
    [Fact]
    public async Task MemberServesLongAfterItsGroupWasOpened_OpenedToo()
    {
        await StartAsync(replicas: 2, configure: static options => options with { ConfigRefreshGrace = TimeSpan.Zero });
        bool isSlow = true;
        World.Workloads.Healthy = pod => pod.Name() != "a-1-1" || !Volatile.Read(ref isSlow);
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateTopicAsync" ? throw new RocketMqException("nobody answers") : 0;
        await AskForAsync(2);
        string master = await StartedAsync("a-1-0");
        string slave = await StartedAsync("a-1-1");
        World.Admin.Permissions[slave].Should().Be("4");
        World.Admin.Fault = null;
        await Eventually.TrueAsync(() => World.Admin.Permissions[master] == "6", "its master is told");
        await World.PassesAsync(6);
        World.Admin.Permissions[slave].Should().Be("4", "it does not serve");

        Volatile.Write(ref isSlow, false);

        await World.GoneAsync<ConfigMap>("a-1-closed");
        World.Admin.Permissions[slave].Should().Be("6", "it was told before the map went");
    }

    /// <summary>Another member leads while the group is being filled, and after: permission is right with each of them.</summary>
    [Fact]
    public async Task ElectedGroup_EveryMemberIsClosedAndOpened()
    {
        _started = await OperatorWorld.StartAsync();
        await using ElectedMembers first = new(World.Client, "a-0");
        await using ElectedMembers second = new(World.Client, "a-1");
        World.Workloads.Registration = (pod, cancellationToken) => (pod.StartsWith("a-0", StringComparison.Ordinal) ? first : second).RegistrationAsync(pod, cancellationToken);
        await World.CreateClusterAsync("a", static spec => (spec.Brokers.Replicas, spec.Replication.Mode, spec.Replication.Failover) = (2, ReplicationMode.Sync, FailoverMode.Automatic));
        await World.CreateTopicAsync("orders", "a");
        await World.ClusterAsync("a", "Ready", "True");
        await World.TopicAsync("orders", "Ready", "True");
        World.Admin.Fault = static request => _ = request == "CreateOrUpdateTopicAsync" ? throw new RocketMqException("nobody answers") : 0;

        await AskForAsync(2);

        await PhaseAsync(OperationPhase.Filling, "Topic orders");
        string[] members = [.. (await World.Client.ListAsync<Pod>()).Items.Where(static pod => pod.Label("rocketops.io/group") == "a-1").Select(static pod => $"{pod.Status!.PodIP}:10911")];
        members.Should().HaveCount(2).And.OnlyContain(member => World.Admin.Permissions[member] == "4");
        await World.ChangeAsync<Lease>("a-1", static lease => lease.Metadata.Annotations!["rocketops.io/hand-over-to"] = "a-1-1");
        await World.AwaitAsync<BrokerCluster>("a", static cluster => cluster.Status?.Groups?.Find(static group => group.Name == "a-1")?.Master == "a-1-1", "another one leads");
        members.Should().OnlyContain(member => World.Admin.Permissions[member] == "4");

        World.Admin.Fault = null;

        await World.ClusterAsync("a", "Ready", "True");
        members.Should().OnlyContain(member => World.Admin.Permissions[member] == "6", "whoever leads next takes messages");
    }

    private async Task StartAsync(int groups = 1, int replicas = 1, Func<OperatorOptions, OperatorOptions>? configure = null, Action<BrokerClusterSpec>? configureSpec = null)
    {
        _started = await OperatorWorld.StartAsync(configure);
        await World.CreateClusterAsync("a", spec =>
        {
            (spec.Brokers.Groups, spec.Brokers.Replicas) = (groups, replicas);
            configureSpec?.Invoke(spec);
        });
        await World.CreateTopicAsync("orders", "a");
        await World.ClusterAsync("a", "Ready", "True");
        await World.TopicAsync("orders", "Ready", "True");
    }

    /// <summary>Returns the address of a member that has read its files.</summary>
    private async Task<string> StartedAsync(string pod) =>
        $"{(await World.AwaitAsync<Pod>(pod, static pod => pod.Status?.PodIP is not null, "it starts")).Status!.PodIP}:10911";

    private Task AskForAsync(int groups) => World.ChangeAsync<BrokerCluster>("a", cluster => cluster.Spec.Brokers.Groups = groups);

    private Task<BrokerCluster> PhaseAsync(OperationPhase phase, string message, string group = "a-1") => World.AwaitAsync<BrokerCluster>(
        "a",
        cluster => cluster.Status?.Operations?.Exists(operation => operation.Type == OperationType.Open && operation.Group == group && operation.Phase == phase && operation.Message!.Contains(message, StringComparison.Ordinal)) == true,
        $"{phase}: {message}");

    private async Task<IReadOnlyList<Event>> EventsAsync()
    {
        IReadOnlyList<Event> events = [];
        await Eventually.TrueAsync(async () => (events = (await World.Client.ListAsync<Event>()).Items).Any(static e => e.Reason == "GroupOpened"), "an event tells of it");
        return events;
    }
}
