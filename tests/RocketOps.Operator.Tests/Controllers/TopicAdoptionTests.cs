using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

public sealed class TopicAdoptionTests
{
    private static readonly TopicConfig Live = new() { Name = "live", ReadQueues = 16, WriteQueues = 16, Permission = Client.TopicPermission.ReadWrite };

    [Fact]
    public async Task Reconcile_ExistingTopicDiffers_ConflictUntilAdoptIsAskedFor()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-0"), Live);
        world.Admin.Put(world.Master("a-1"), Live with { Permission = Client.TopicPermission.Read });

        await world.CreateTopicAsync("live", "a");

        Topic conflict = await world.TopicAsync("live", "Stalled", "True", Reasons.Conflict);
        await world.SaysAsync(conflict, "Ready", said => said.Should().Be(
            "Topic live was there before this object and differs on a-0: readQueues is 16, not 8; writeQueues is 16, not 8. On a-1: readQueues is 16, not 8; writeQueues is 16, not 8; permission is Read, not ReadWrite. "
            + "Nothing was changed there. Ask for what is there, or set spec.adoptionPolicy: Adopt to have it changed, or spec.managementPolicy: Observe to watch it only."));
        conflict.Status!.TopicName.Should().BeNull("the topic is not the object's");
        conflict.Status.Brokers.Should().OnlyContain(static broker => broker.Observed == true && broker.ReadQueues == 16);
        world.Admin.Writes.Should().BeEmpty();

        await world.ChangeAsync<Topic>("live", static topic => topic.Spec.AdoptionPolicy = AdoptionPolicy.Adopt);
        Topic adopted = await world.TopicAsync("live", "Ready", "True");
        adopted.Status!.TopicName.Should().Be("live");
        adopted.Status.ReadQueues.Should().Be(8);
        await EventAsync(world, "TopicAdopted", "a-0, a-1");
    }

    [Fact]
    public async Task Reconcile_FailAndATopicIsThere_RefusedUntilItIsGone()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-1"), Live);

        await world.CreateTopicAsync("live", "a", static spec => (spec.ReadQueues, spec.AdoptionPolicy) = (16, AdoptionPolicy.Fail));

        Topic refused = await world.TopicAsync("live", "Stalled", "True", Reasons.Conflict);
        await world.SaysAsync(refused, "Ready", said => said.Should().Be(
            "Topic live was there before this object on a-1, and spec.adoptionPolicy is Fail. Nothing was changed there. "
            + "Remove it from there, or set spec.adoptionPolicy: AdoptIfIdentical or Adopt to take it over, or spec.managementPolicy: Observe to watch it only."));
        refused.Status!.TopicName.Should().BeNull("the topic is not the object's");
        world.Admin.Writes.Should().BeEmpty("not where there is none either");

        await world.Admin.DeleteTopicOnBrokerAsync(world.Master("a-1"), "live");
        await world.TopicAsync("live", "Ready", "True");

        // What it made itself it keeps, whoever works on it.
        await world.StopOperatorAsync();
        await world.StartOperatorAsync();
        await world.PassesAsync(4);
        await world.ChangeAsync<Topic>("live", static topic => topic.Spec.ReadQueues = 32);
        (await world.TopicAsync("live", "Ready", "True")).Status!.ReadQueues.Should().Be(32);
    }

    [Fact]
    public async Task Reconcile_ExistingTopicIsIdentical_AdoptedWithoutAWrite()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-0"), Live);
        world.Admin.Put(world.Master("a-1"), Live);

        await world.CreateTopicAsync("live", "a", static spec => spec.ReadQueues = 16);

        await world.TopicAsync("live", "Ready", "True");
        world.Admin.Writes.Should().BeEmpty();
        await EventAsync(world, "TopicAdopted", "a-0, a-1");
    }

    [Fact]
    public async Task Reconcile_NewTopic_SaysCreated()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("fresh", "a");
        await world.TopicAsync("fresh", "Ready", "True");
        await EventAsync(world, "TopicCreated", "a-0, a-1");
    }

    /// <summary>A master whose store was lost or exchanged answers with an empty table: what the operator makes again there has no messages.</summary>
    [Fact]
    public async Task Reconcile_TopicThatWasThereIsGone_WarnsThatItIsMadeAgainWithoutMessages()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("kept", "a");
        await world.TopicAsync("kept", "Ready", "True");
        (await world.Client.ListAsync<Event>()).Items.Should().NotContain(static happened => happened.Reason == "TopicMadeAgain", "a new topic is none that was lost");

        await world.Admin.DeleteTopicOnBrokerAsync(world.Master("a-1"), "kept");

        await EventAsync(world, "TopicMadeAgain", "Topic kept was on a-1 and is not there any more: ");
        Event warning = (await world.Client.ListAsync<Event>()).Items.Single(static happened => happened.Reason == "TopicMadeAgain");
        warning.Type.Should().Be("Warning");
        await Eventually.TrueAsync(() => Task.FromResult(world.Admin.Topic(world.Master("a-1"), "kept") is not null), "it is there again");
    }

    [Fact]
    public async Task Reconcile_DiffersOnOneMasterOnly_NothingIsWrittenOnTheOther()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-1"), Live);

        await world.CreateTopicAsync("live", "a");

        await world.TopicAsync("live", "Stalled", "True", Reasons.Conflict);
        world.Admin.Writes.Should().BeEmpty();

        await world.ChangeAsync<Topic>("live", static topic => topic.Spec.ReadQueues = 16);
        await world.TopicAsync("live", "Ready", "True");
        world.Admin.Topic(world.Master("a-0"), "live")!.ReadQueues.Should().Be(16);
    }

    [Fact]
    public async Task Delete_NeverAdopted_TopicStays()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        world.Admin.Put(world.Master("a-0"), Live);
        await world.CreateTopicAsync("live", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("live", "Stalled", "True", Reasons.Conflict);

        await world.Client.DeleteAsync<Topic>("live", OperatorWorld.Ns);

        await world.GoneAsync<Topic>("live");
        world.Admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Delete_AdoptedOnOneMaster_StaysOnTheOther()
    {
        await using OperatorWorld world = await OperatorWorld.StartAsync();
        await world.CreateClusterAsync("a");
        await world.ClusterAsync("a", "Ready", "True");
        await world.CreateTopicAsync("live", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("live", "Ready", "True");
        string own = world.Master("a-0");

        // Wherever the next group's master will be.
        foreach (string address in Enumerable.Range(1, 100).Select(static host => $"10.1.0.{host}:10911").Where(address => address != own))
        {
            world.Admin.Put(address, Live);
        }

        await world.ChangeAsync<BrokerCluster>("a", static cluster => cluster.Spec.Brokers.Groups = 2);
        await world.TopicAsync("live", "Stalled", "True", Reasons.Conflict);

        await world.Client.DeleteAsync<Topic>("live", OperatorWorld.Ns);

        await world.GoneAsync<Topic>("live");
        world.Admin.Topic(own, "live").Should().BeNull();
        world.Admin.Topic(world.Master("a-1"), "live").Should().Be(Live);
        world.Admin.Writes.Should().NotContain("nameservers delete live", "they would forget the other master's topic as well");
    }

    [Fact]
    public async Task Observe_WritesNothing_AndTellsWhatIsThere()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("live", "a", static spec =>
        {
            spec.ManagementPolicy = ManagementPolicy.Observe;
            spec.DeletionPolicy = DeletionPolicy.Delete;
        });
        await world.TopicAsync("live", "Reconciling", "True", Reasons.NotThere);

        world.Admin.Put(world.Master("a-0"), Live);
        world.Admin.Put(world.Master("a-1"), Live);
        Topic watched = await world.TopicAsync("live", "Ready", "True", Reasons.Observed);
        await world.SaysAsync(watched, "Ready", said => said.Should().Contain("a-0, a-1: readQueues is 16, not 8"));
        watched.Status!.ReadQueues.Should().Be(16);
        watched.Metadata.Finalizers.Should().BeNullOrEmpty();

        await world.Client.DeleteAsync<Topic>("live", OperatorWorld.Ns);
        await world.GoneAsync<Topic>("live");
        world.Admin.Writes.Should().BeEmpty();
    }

    [Fact]
    public async Task Observe_AfterManage_GivesTheTopicUp()
    {
        await using OperatorWorld world = await OperatorWorld.StartWithTwoGroupsAsync();
        await world.CreateTopicAsync("live", "a", static spec => spec.DeletionPolicy = DeletionPolicy.Delete);
        await world.TopicAsync("live", "Ready", "True", Reasons.AllReady);

        await world.ChangeAsync<Topic>("live", static topic => topic.Spec.ManagementPolicy = ManagementPolicy.Observe);
        await world.TopicAsync("live", "Ready", "True", Reasons.Observed);
        foreach (string group in new[] { "a-0", "a-1" })
        {
            world.Admin.Put(world.Master(group), Live);
        }

        await world.ChangeAsync<Topic>("live", static topic => topic.Spec.ManagementPolicy = ManagementPolicy.Manage);
        await world.TopicAsync("live", "Stalled", "True", Reasons.Conflict);
        world.Admin.Topic(world.Master("a-0"), "live").Should().Be(Live, "somebody else has changed it since");
    }

    private static Task EventAsync(OperatorWorld world, string reason, string brokers) => Eventually.TrueAsync(
        async () => (await world.Client.ListAsync<Event>()).Items.Any(happened => happened.Reason == reason && happened.Note!.Contains(brokers, StringComparison.Ordinal)), $"{reason} on {brokers}");
}
