using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

public sealed class ConsumerGroupControllerTests
{
    private static readonly SubscriptionGroupConfig Live = new() { Name = "billing", RetryMaxTimes = 3 };

    [Fact]
    public async Task Reconcile_NewGroup_OnEveryMaster()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();

        await world.CreateGroupAsync("billing", "a", static spec =>
        {
            spec.GroupName = "GID_BILLING";
            spec.RetryMaxTimes = 5;
        });

        ConsumerGroup group = await world.GroupAsync("billing", "Ready", "True");
        group.Status.Should().BeEquivalentTo(new { GroupName = "GID_BILLING", Cluster = "a", Members = 0, Lag = 0L });
        group.Status!.Brokers!.Select(static broker => broker.Name).Should().Equal("a-0", "a-1");
        foreach (string broker in (string[])["a-0", "a-1"])
        {
            world.Admin.Group(world.Master(broker), "GID_BILLING").Should().BeEquivalentTo(new { RetryMaxTimes = 5, RetryQueues = 1, ConsumeEnable = true, ConsumeTimeoutMinutes = 15 });
        }

        await EventAsync(world, "GroupCreated", "a-0, a-1");
        group.Metadata.Finalizers.Should().BeNullOrEmpty("Retain has nothing to clean up");
    }

    [Fact]
    public async Task Reconcile_DriftOnBroker_Corrected()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("billing", "a");
        await world.GroupAsync("billing", "Ready", "True");
        string master = world.Master("a-1");

        world.Admin.Put(master, world.Admin.Group(master, "billing")! with { ConsumeEnable = false });

        await Eventually.TrueAsync(() => world.Admin.Group(master, "billing")!.ConsumeEnable, "the broker has what the object says");
        await EventAsync(world, "GroupUpdated", "a-1");
    }

    [Fact]
    public async Task Reconcile_SpecChanges_WrittenOnEveryMaster()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("billing", "a");
        await world.GroupAsync("billing", "Ready", "True");

        await world.ChangeAsync<ConsumerGroup>("billing", static group => group.Spec.GroupRetryPolicy = new GroupRetryPolicySpec { Type = GroupRetryType.Exponential });

        await world.GroupAsync("billing", "Ready", "True");
        world.Admin.Group(world.Master("a-0"), "billing")!.RetryPolicy!.Value.GetRawText().Should().Be("""{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":5000,"max":7200000,"multiplier":2}}""");
    }

    [Fact]
    public async Task Reconcile_Attributes_SetChangedRemovedAndPutBack()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        string master = world.Master("a-1");
        await world.CreateGroupAsync("billing", "a", static spec => spec.Attributes = new() { ["priority.factor"] = "50", ["lite.bind.topic"] = "P" });
        await world.GroupAsync("billing", "Ready", "True");
        world.Admin.Group(master, "billing")!.Attributes.Should().BeEquivalentTo(new Dictionary<string, string> { ["priority.factor"] = "50", ["lite.bind.topic"] = "P" });
        world.Admin.Writes.Clear();

        await world.ChangeAsync<ConsumerGroup>("billing", static group => group.Spec.Attributes = new() { ["priority.factor"] = "20" });
        await world.GroupAsync("billing", "Ready", "True");
        world.Admin.Writes.Should().BeEquivalentTo([.. ((string[])["a-0", "a-1"]).Select(broker => $"{world.Master(broker)} group billing 16 -lite.bind.topic= +priority.factor=20")]);

        world.Admin.Put(master, world.Admin.Group(master, "billing")! with { Attributes = new Dictionary<string, string> { ["lite.sub.wildcard"] = "" } });
        await Eventually.TrueAsync(() => world.Admin.Group(master, "billing")!.Attributes is { Count: 1 } kept && kept.GetValueOrDefault("priority.factor") == "20", "the broker has what the object says");

        await world.ChangeAsync<ConsumerGroup>("billing", static group => group.Spec.Attributes = null);
        await world.GroupAsync("billing", "Ready", "True");
        world.Admin.Group(master, "billing")!.Attributes.Should().ContainKey("priority.factor", "the object does not speak of them any more");
    }

    [Fact]
    public async Task Reconcile_AttributesOfAnExistingGroupDiffer_Conflict()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-0"), Live with { RetryMaxTimes = 16, Attributes = new Dictionary<string, string> { ["priority.factor"] = "50" } });

        await world.CreateGroupAsync("billing", "a", static spec => spec.Attributes = new() { ["priority.factor"] = "20" });

        ConsumerGroup conflict = await world.GroupAsync("billing", "Stalled", "True", Reasons.Conflict);
        conflict.Status!.Brokers!.Single().Differs.Should().Be("attribute priority.factor is \"50\", not \"20\"");
        world.Admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Reconcile_AttributeTheBrokerDoesNotKnow_StatusHasItsWords()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Fail(nameof(IRocketMqAdmin.CreateOrUpdateSubscriptionGroupAsync), new RocketMqException(1, "unsupported key: priority.facter", "10.0.0.1:10911"));

        await world.CreateGroupAsync("billing", "a", static spec => spec.Attributes = new() { ["priority.facter"] = "20" });

        ConsumerGroup refused = await world.GroupAsync("billing", "Stalled", "True", Reasons.Refused);
        await world.SaysAsync(refused, "Ready", said => said.Should().StartWith("a-0 refuses: 10.0.0.1:10911 answered 1: unsupported key: priority.facter."));
    }

    [Fact]
    public async Task Reconcile_ExistingGroupDiffers_ConflictUntilAdoptIsAskedFor()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-0"), Live);

        await world.CreateGroupAsync("billing", "a");

        ConsumerGroup conflict = await world.GroupAsync("billing", "Stalled", "True", Reasons.Conflict);
        await world.SaysAsync(conflict, "Ready", said => said.Should().Be(
            "Consumer group billing was there before this object and differs on a-0: retryMaxTimes is 3, not 16. Nothing was changed there. Ask for what is there, or set spec.adoptionPolicy: Adopt to have it changed, or spec.managementPolicy: Observe to watch it only."));
        conflict.Status!.GroupName.Should().BeNull("the group is not the object's");
        conflict.Status.Brokers!.Single().Should().BeEquivalentTo(new { Name = "a-0", Observed = true, Differs = "retryMaxTimes is 3, not 16" });
        world.Admin.Writes.Should().BeEmpty("where it differs on one master, nothing is written on any");

        await world.ChangeAsync<ConsumerGroup>("billing", static group => group.Spec.AdoptionPolicy = AdoptionPolicy.Adopt);
        await world.GroupAsync("billing", "Ready", "True");
        world.Admin.Group(world.Master("a-0"), "billing")!.RetryMaxTimes.Should().Be(16);
        await EventAsync(world, "GroupAdopted", "a-0");
    }

    [Fact]
    public async Task Reconcile_FailAndAGroupIsThere_RefusedUntilAdoptionIsAllowed()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-0"), Live with { RetryMaxTimes = 16 });

        await world.CreateGroupAsync("billing", "a", static spec => spec.AdoptionPolicy = AdoptionPolicy.Fail);

        ConsumerGroup refused = await world.GroupAsync("billing", "Stalled", "True", Reasons.Conflict);
        await world.SaysAsync(refused, "Ready", said => said.Should().StartWith("Consumer group billing was there before this object on a-0, and spec.adoptionPolicy is Fail. Nothing was changed there."));
        refused.Status!.GroupName.Should().BeNull("the group is not the object's");
        world.Admin.Writes.Should().BeEmpty("not where there is none either");

        await world.ChangeAsync<ConsumerGroup>("billing", static group => group.Spec.AdoptionPolicy = AdoptionPolicy.AdoptIfIdentical);
        await world.GroupAsync("billing", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_GroupAConsumerMade_AdoptedWithoutAWrite()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-0"), Live with { RetryMaxTimes = 16 });
        world.Admin.Put(world.Master("a-1"), Live with { RetryMaxTimes = 16 });

        await world.CreateGroupAsync("billing", "a");

        await world.GroupAsync("billing", "Ready", "True");
        world.Admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Reconcile_Observe_NeverWritesAndTellsTheDifference()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-0"), Live);
        await world.CreateGroupAsync("billing", "a", static spec => spec.ManagementPolicy = ManagementPolicy.Observe);
        await world.GroupAsync("billing", "Reconciling", "True", Reasons.NotThere);

        world.Admin.Put(world.Master("a-1"), Live with { RetryMaxTimes = 16 });

        ConsumerGroup watched = await world.GroupAsync("billing", "Ready", "True", Reasons.Observed);
        await world.SaysAsync(watched, "Ready", said => said.Should().Be("Every master has the group; it is watched only. It differs from this object on a-0: retryMaxTimes is 3, not 16."));
        watched.Status!.GroupName.Should().BeNull();
        await world.Client.DeleteAsync<ConsumerGroup>("billing", OperatorWorld.Ns);
        await world.GoneAsync<ConsumerGroup>("billing");
        world.Admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Reconcile_TwoObjectsForOneGroup_OldestHasItUntilItGoes()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("first", "a", static spec => spec.GroupName = "G");
        await world.GroupAsync("first", "Ready", "True");
        await world.CreateGroupAsync("second", "a", static spec => spec.GroupName = "G");

        ConsumerGroup second = await world.GroupAsync("second", "Stalled", "True", Reasons.ResourceConflict);
        await world.SaysAsync(second, "Ready", said => said.Should().Contain("ConsumerGroup first is older and has G already"));

        await world.Client.DeleteAsync<ConsumerGroup>("first", OperatorWorld.Ns);
        await world.GroupAsync("second", "Ready", "True");
    }

    [Fact]
    public async Task Reconcile_MembersAndLag_InStatusAsPowersOfTen()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Members[(world.Master("a-0"), "billing")] = new ConsumerConnections { Connections = [new ClientConnection { ClientId = "c1" }, new ClientConnection { ClientId = "c2" }] };
        world.Admin.Groups["billing"] = FakeAdmin.Behind(612);

        await world.CreateGroupAsync("billing", "a");

        // The fake tells the same of both masters.
        ConsumerGroup group = await world.AwaitAsync<ConsumerGroup>("billing", static group => group.Status?.Lag == 1000, "tells its lag");
        group.Status!.Members.Should().Be(2);
        group.Status.Topics.Should().BeEquivalentTo([new { Name = "orders", Lag = 1000L }]);

        // A pass over an older copy may ask for the same once more.
        await world.QuietAsync();
        world.Admin.Groups["billing"] = FakeAdmin.Behind(613);
        await world.PassesAsync(4);
        world.Writes.Where(static write => write.Contains("consumergroups", StringComparison.Ordinal)).Should().BeEmpty("the status does not follow every message");
    }

    [Theory]
    [InlineData("CID_ONSAPI_PULL")]
    [InlineData("CID_RMQ_SYS_TRANS")]
    public async Task Reconcile_NameThatNoUsersGroupHas_Stalls(string name)
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("g", "a", spec => spec.GroupName = name);

        await world.GroupAsync("g", "Stalled", "True", Reasons.InvalidName);

        world.Admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Reconcile_BrokerKeepsNothing_Refused()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Forgetful = true;

        await world.CreateGroupAsync("billing", "a");

        await world.GroupAsync("billing", "Stalled", "True", Reasons.Refused);
    }

    [Fact]
    public async Task Delete_PolicyDelete_GroupOffsetsAndRetriesGo()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("billing", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.GroupAsync("billing", "Ready", "True");
        world.Admin.Writes.Clear();

        await world.Client.DeleteAsync<ConsumerGroup>("billing", OperatorWorld.Ns);

        await world.GoneAsync<ConsumerGroup>("billing");
        string[] masters = [world.Master("a-0"), world.Master("a-1")];
        world.Admin.Writes.Should().Equal(
            [.. masters.SelectMany(static master => (string[])[$"{master} delete group billing with offsets", $"{master} delete %RETRY%billing"]), "nameservers delete %RETRY%billing"]);
    }

    [Fact]
    public async Task Delete_PolicyRetain_GroupStays()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("billing", "a");
        await world.GroupAsync("billing", "Ready", "True");

        await world.Client.DeleteAsync<ConsumerGroup>("billing", OperatorWorld.Ns);

        await world.GoneAsync<ConsumerGroup>("billing");
        world.Admin.Group(world.Master("a-0"), "billing").Should().NotBeNull();
    }

    [Fact]
    public async Task Delete_IfDrained_WaitsForMembersLagAndRetries()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        string master = world.Master("a-0");
        world.Admin.Members[(master, "billing")] = new ConsumerConnections { Connections = [new ClientConnection { ClientId = "c1" }] };
        world.Admin.Groups["billing"] = FakeAdmin.Behind(1204);
        world.Admin.Put(master, new TopicConfig { Name = "%RETRY%billing" });
        world.Admin.Pending[(master, "%RETRY%billing")] = new PendingMessages { Complete = true, Queues = [new PendingQueue { Kind = "Delay", QueueId = 0, Count = 2 }] };
        await world.CreateGroupAsync("billing", "a", static spec => spec.DeletionPolicy = DeletionPolicy.DeleteIfDrained);
        await world.GroupAsync("billing", "Ready", "True");
        await world.Client.DeleteAsync<ConsumerGroup>("billing", OperatorWorld.Ns);

        await SaysAsync(world, "Waiting for 1 member of group billing connected to a-0, such as c1.");
        world.Admin.Members.Clear();
        await SaysAsync(world, "Waiting for group billing, 1 204 messages behind in queue 3 of topic orders on a-0.");
        world.Admin.Groups["billing"] = FakeAdmin.Behind(0);
        await SaysAsync(world, "Waiting for retries: 2 delayed messages for queue 0 of a-0.");
        world.Admin.Group(master, "billing").Should().NotBeNull();
        world.Admin.Pending.Clear();

        await world.GoneAsync<ConsumerGroup>("billing");
        world.Admin.Group(master, "billing").Should().BeNull();
    }

    [Fact]
    public async Task Delete_ClusterProtected_NothingIsRemovedUntilForced()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("billing", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.GroupAsync("billing", "Ready", "True");
        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Metadata.Annotations = new() { ["rocketops.io/deletion-protection"] = "true" });

        await world.Client.DeleteAsync<ConsumerGroup>("billing", OperatorWorld.Ns);
        await world.AwaitAsync<ConsumerGroup>("billing", static group => Conditions.Find(group.Status!.Conditions, "Ready") is { Reason: Reasons.DeletionProtected }, "waits");
        await world.ForceDeleteAsync<ConsumerGroup>("billing");

        await world.GoneAsync<ConsumerGroup>("billing");
        world.Admin.Group(world.Master("a-0"), "billing").Should().NotBeNull();
    }

    [Fact]
    public async Task Delete_BrokerAway_WaitsUntilForced()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateGroupAsync("billing", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.GroupAsync("billing", "Ready", "True");
        world.Admin.Fail(nameof(IRocketMqAdmin.DeleteSubscriptionGroupAsync), new RocketMqException("no answer"));

        await world.Client.DeleteAsync<ConsumerGroup>("billing", OperatorWorld.Ns);
        await SaysAsync(world, "The consumer group could not be removed: the master of a-0 did not answer in time. Annotate rocketops.io/force-delete=true to give up.");

        await world.ForceDeleteAsync<ConsumerGroup>("billing");
        await world.GoneAsync<ConsumerGroup>("billing");
    }

    [Fact]
    public async Task Reconcile_ObjectGoesWhileItIsClaimed_NothingIsWritten()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        Task claimed = world.MeanwhileAsync(
            static call => call is { Verb: "patch", Resource: "consumergroups", Subresource: "status" }, () => world.Client.DeleteAsync<ConsumerGroup>("billing", OperatorWorld.Ns));

        await world.CreateGroupAsync("billing", "a");
        await claimed;
        await world.GoneAsync<ConsumerGroup>("billing");
        await world.PassesAsync(3);

        world.Admin.Writes.Should().BeEmpty("nobody has asked for the group any more");
    }

    private static Task<ConsumerGroup> SaysAsync(OperatorWorld world, string message) =>
        world.AwaitAsync<ConsumerGroup>("billing", group => Conditions.Find(group.Status?.Conditions, ConditionTypes.Ready)?.Message == message, message);

    private static async Task EventAsync(OperatorWorld world, string reason, string brokers) => await Eventually.TrueAsync(
        async () => (await world.Client.ListAsync<Event>(new ListOptions { Namespace = OperatorWorld.Ns })).Items
            .Any(told => told.Reason == reason && told.Note!.EndsWith($" {brokers}.", StringComparison.Ordinal)),
        $"event {reason} on {brokers}");
}
