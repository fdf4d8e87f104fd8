using RocketOps.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Reporting;
using RocketOps.Operator.Tests.Support;
using RocketOps.Testing;

namespace RocketOps.Operator.Tests.Controllers;

/// <summary>RocketMQ's order flag on brokers, and the entry that name servers keep of it.</summary>
public sealed class TopicOrderTests : IAsyncLifetime
{
    private const string Namespace = "ORDER_TOPIC_CONFIG";

    private OperatorWorld _world = null!;

    public async Task InitializeAsync() => _world = await OperatorWorld.StartWithTwoGroupsAsync();

    public async Task DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task Order_OnAndOff_BrokersAndNameServersFollow()
    {
        await _world.CreateTopicAsync("events", "a", static spec => (spec.Order, spec.WriteQueues) = (true, 4));

        Topic ordered = await _world.TopicAsync("events", "Ready", "True");
        ordered.Status!.Brokers.Should().OnlyContain(static broker => broker.Order == true);
        Entry.Should().Be("a-0:4;a-1:4", "as mqadmin updateTopic -o true writes it");
        _world.Admin.Topic(_world.Master("a-1"), "events")!.Order.Should().BeTrue();

        _world.Admin.Writes.Clear();
        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Order = false);

        Topic plain = await _world.TopicAsync("events", "Ready", "True");
        plain.Status!.Brokers.Should().OnlyContain(static broker => broker.Order == null);
        Entry.Should().BeNull();
        _world.Admin.Writes.First().Should().Be($"nameservers {Namespace} events delete", "brokers take the flag from name servers as long as these have it");
        _world.Admin.Topic(_world.Master("a-1"), "events")!.Order.Should().BeFalse();
    }

    [Theory]
    [InlineData(null)]
    [InlineData("a-0:4")]
    public async Task Order_EntryDriftsOrIsLost_PutBack(string? drifted)
    {
        await _world.CreateTopicAsync("events", "a", static spec => spec.Order = true);
        await _world.TopicAsync("events", "Ready", "True");
        if (drifted is null)
        {
            _world.Admin.Values.Clear();
        }
        else
        {
            _world.Admin.Values[(Namespace, "events")] = drifted;
        }

        await Eventually.TrueAsync(() => Entry == "a-0:8;a-1:8", "the name servers have it again");
    }

    [Fact]
    public async Task Order_NotAskedForAndSomebodyMadeAnEntry_Removed()
    {
        await _world.CreateTopicAsync("events", "a");
        await _world.TopicAsync("events", "Ready", "True");
        _world.Admin.Values[(Namespace, "events")] = "a-0:8";
        _world.Admin.Values[(Namespace, "by-hand")] = "a-0:8";

        await Eventually.TrueAsync(() => Entry is null, "it is gone");
        _world.Admin.Values.Should().ContainKey((Namespace, "by-hand"), "no object speaks of that topic");
    }

    [Fact]
    public async Task Order_FewerQueues_ProducersLeaveByTheEntryFirst()
    {
        await _world.CreateTopicAsync("events", "a", static spec => (spec.Order, spec.Groups) = (true, [0]));
        await _world.TopicAsync("events", "Ready", "True");
        _world.Admin.Writes.Clear();

        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.ReadQueues = 4);
        await _world.TopicAsync("events", "Ready", "True");
        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.ReadQueues = 16);
        await _world.TopicAsync("events", "Ready", "True");

        string broker = _world.Master("a-0");
        _world.Admin.Writes.Should().Equal(
            $"nameservers {Namespace} events a-0:4", $"{broker} events 8/4 6", $"{broker} events 4/4 6", $"{broker} events 16/4 6", $"{broker} events 16/16 6", $"nameservers {Namespace} events a-0:16");
    }

    [Fact]
    public async Task Order_GroupTakenOutAndAdded_EntryLeadsAndFollows()
    {
        await _world.CreateTopicAsync("events", "a", static spec => spec.Order = true);
        await _world.TopicAsync("events", "Ready", "True");
        _world.Admin.Writes.Clear();

        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Groups = [1]);
        await _world.TopicAsync("events", "Ready", "True");
        _world.Admin.Writes.First().Should().Be($"nameservers {Namespace} events a-1:8");

        await _world.ChangeAsync<Topic>("events", static topic => topic.Spec.Groups = null);
        await _world.AwaitAsync<Topic>("events", static topic => topic.Status!.Brokers!.Count == 2, "it is on both");
        await _world.TopicAsync("events", "Ready", "True");
        _world.Admin.Writes.Last().Should().Be($"nameservers {Namespace} events a-0:8;a-1:8");
    }

    [Fact]
    public async Task Order_BrokerIsAway_EntryKeepsItsQueues()
    {
        await _world.CreateTopicAsync("events", "a", static spec => spec.Order = true);
        await _world.TopicAsync("events", "Ready", "True");

        await _world.Client.DeleteAsync<Pod>("a-1-0", OperatorWorld.Ns);
        await _world.PassesAsync(6);

        Entry.Should().Be("a-0:8;a-1:8", "messages that belong together stay in one queue");
    }

    [Theory]
    [InlineData(true, "a-0:2", "a-0:8;a-1:8")]
    [InlineData(false, "a-0:8", "none")]
    public async Task Order_TopicWasThereWithAnotherEntry_ConflictUntilAdoptIsAskedFor(bool order, string found, string asked)
    {
        foreach (string group in (string[])["a-0", "a-1"])
        {
            _world.Admin.Put(_world.Master(group), new TopicConfig { Name = "live", Order = order });
        }

        _world.Admin.Values[(Namespace, "live")] = found;
        await _world.CreateTopicAsync("live", "a", spec => spec.Order = order);

        Topic conflict = await _world.TopicAsync("live", "Stalled", "True", Reasons.Conflict);
        await _world.SaysAsync(conflict, "Ready", said => said.Should().StartWith($"Topic live was there before this object, and its entry in {Namespace} of the name servers is {found}, not {asked}. Nothing was changed."));
        _world.Admin.Values[(Namespace, "live")].Should().Be(found);

        await _world.ChangeAsync<Topic>("live", static topic => topic.Spec.AdoptionPolicy = AdoptionPolicy.Adopt);
        await _world.TopicAsync("live", "Ready", "True");
        _world.Admin.Values.GetValueOrDefault((Namespace, "live")).Should().Be(order ? asked : null);
    }

    [Fact]
    public async Task Order_TopicWasThereWithoutIt_DiffersByName()
    {
        _world.Admin.Put(_world.Master("a-0"), new TopicConfig { Name = "live" });

        await _world.CreateTopicAsync("live", "a", static spec => spec.Order = true);

        Topic conflict = await _world.TopicAsync("live", "Stalled", "True", Reasons.Conflict);
        await _world.SaysAsync(conflict, "Ready", said => said.Should().Contain("differs on a-0: order is false, not true."));
    }

    [Theory]
    [InlineData(DeletionPolicy.Delete)]
    [InlineData(DeletionPolicy.DeleteIfDrained)]
    public async Task Order_Deleted_EntryGoesBeforeTheTopic(DeletionPolicy policy)
    {
        await _world.CreateTopicAsync("events", "a", spec => (spec.Order, spec.DeletionPolicy) = (true, policy));
        await _world.TopicAsync("events", "Ready", "True");
        _world.Admin.Writes.Clear();

        await _world.Client.DeleteAsync<Topic>("events", OperatorWorld.Ns);

        await _world.GoneAsync<Topic>("events");
        Entry.Should().BeNull();
        string[] removals = [.. _world.Admin.Writes.Where(static write => write.Contains("delete", StringComparison.Ordinal))];
        removals.Should().StartWith($"nameservers {Namespace} events delete");
    }

    [Fact]
    public async Task Order_ANameServerDoesNotAnswer_NewTopicWaitsAndPlainOnesDoNot()
    {
        await _world.CreateTopicAsync("fine", "a", static spec => spec.Order = true);
        await _world.TopicAsync("fine", "Ready", "True");
        _world.Admin.Fault = static request =>
        {
            // What was read before may still count as known.
            if (request is nameof(IRocketMqAdmin.GetNameServerValuesAsync) or nameof(IRocketMqAdmin.SetNameServerValueAsync))
            {
                throw new RocketMqException("one of two does not answer");
            }
        };

        await _world.CreateTopicAsync("plain", "a");
        await _world.CreateTopicAsync("ordered", "a", static spec => spec.Order = true);

        await _world.TopicAsync("plain", "Ready", "True");
        Topic waits = await _world.TopicAsync("ordered", "Reconciling", "True", Reasons.NameServersUnreachable);
        await _world.SaysAsync(waits, "Ready", said => said.Should().Be("Not every name server answers the operator: the order configuration of the topic waits for them."));
        await _world.TopicAsync("fine", "Ready", "True");

        _world.Admin.Fault = null;
        await _world.TopicAsync("ordered", "Ready", "True");
        _world.Admin.Values.Should().ContainKey((Namespace, "ordered"));
    }

    private string? Entry => _world.Admin.Values.GetValueOrDefault((Namespace, "events"));
}
