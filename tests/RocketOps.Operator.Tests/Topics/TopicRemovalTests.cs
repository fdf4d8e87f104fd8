using NSubstitute;
using RocketOps.Client;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Models;
using RocketOps.Operator.Entities;
using RocketOps.Operator.Masters;
using RocketOps.Operator.Settings;
using RocketOps.Operator.Tests.Support;
using RocketOps.Operator.Topics;
using RocketOps.Testing.Time;

namespace RocketOps.Operator.Tests.Topics;

/// <summary>The last step of a removal: what the cache asks for is looked at once more where it may have changed, as the topic goes for good.</summary>
public sealed class TopicRemovalTests
{
    private const string Address = "10.0.0.1:10911";

    private readonly FakeAdmin _admin = new();
    private readonly FakeTimeProvider _time = new();
    private readonly IKubernetesClient _client = Substitute.For<IKubernetesClient>();

    /// <summary>A topic that clients may do nothing with, as long as they take to notice, and that is empty.</summary>
    public TopicRemovalTests() => _admin.Put(Address, new TopicConfig { Name = "T", Permission = default });

    [Fact]
    public async Task Step_ServerHasWhatTheCacheHas_TopicGoes()
    {
        TopicOutcome outcome = await StepAsync(Cached());

        outcome.Should().BeEquivalentTo(new { Written = true, Removed = true });
        _admin.Writes.Should().Equal($"{Address} delete T");
    }

    [Fact]
    public async Task Step_ObjectIsGone_TopicStays() => await StaysAsync(null);

    [Fact]
    public async Task Step_ObjectWasMadeAnew_TopicStays()
    {
        Topic another = Cached();
        another.Metadata.Uid = "another";
        await StaysAsync(another);
    }

    /// <summary>Its finalizer decides from then on, by the deletion policy.</summary>
    [Fact]
    public async Task Step_ObjectIsBeingDeleted_TopicStays()
    {
        Topic deleting = Cached();
        deleting.Metadata.DeletionTimestamp = _time.GetUtcNow();
        await StaysAsync(deleting);
    }

    [Fact]
    public async Task Step_SpecHasChanged_TopicStays()
    {
        Topic changed = Cached();
        changed.Metadata.Generation++;
        changed.Spec.Groups = null;
        await StaysAsync(changed);
    }

    private async Task StaysAsync(Topic? live)
    {
        TopicOutcome outcome = await StepAsync(live);

        outcome.Should().BeEquivalentTo(new { Written = false, Removed = false, Removal = TopicRemovalPhase.Removing });
        outcome.Pending!.Message.Should().Be("The topic is to go from a-0, and is about to go.");
        _admin.Writes.Should().BeEmpty();
    }

    private Task<TopicOutcome> StepAsync(Topic? live)
    {
        _client.GetAsync<Topic>("t", "ns", Arg.Any<CancellationToken>()).Returns(live);
        OperatorOptions options = new();
        MasterCalls calls = new(options, _time);
        TopicRemoval removal = new(_client, calls, new TopicDrain(new DrainCheck(calls, options, _time), options, _time), options, _time);
        return removal.StepAsync(_admin, new GroupMaster("a-0", Address), Cached(), mayClose: true, CancellationToken.None);
    }

    /// <summary>The object as the operator knows it.</summary>
    private Topic Cached() => new()
    {
        Metadata = new ObjectMeta { Name = "t", Namespace = "ns", Uid = "one", Generation = 2 },
        Spec = new TopicSpec { TopicName = "T", Groups = [1] },
        Status = new TopicStatus
        {
            TopicName = "T",
            Cluster = "a",
            Brokers = [new TopicBrokerStatus { Name = "a-0", Permission = 0, Removal = TopicRemovalPhase.Removing, DrainingSince = _time.GetUtcNow() - TimeSpan.FromHours(1) }],
        },
    };
}
