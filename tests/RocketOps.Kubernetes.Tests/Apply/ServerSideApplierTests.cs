using RocketOps.Kubernetes.Apply;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;

namespace RocketOps.Kubernetes.Tests.Apply;

/// <summary>When an object that was seen is looked at again, and when it need not be. What is written is tested against API servers.</summary>
public sealed class ServerSideApplierTests
{
    private const string Manager = "tests";
    private const string HashAnnotation = "example.com/applied-hash";

    private readonly FakeKubernetesClient _client = new();
    private readonly ServerSideApplier _applier;

    public ServerSideApplierTests() => _applier = new ServerSideApplier(_client, new ServerSideApplierOptions { FieldManager = Manager, HashAnnotation = HashAnnotation });

    [Fact]
    public async Task SameIntentAndInstance_NothingIsComparedAgain()
    {
        Widget live = await SettledAsync("mine");

        // Nobody does that to an instance of a cache: whether it is looked at is seen by it.
        live.Metadata.ManagedFields = null;
        ApplyOutcome<Widget> outcome = await _applier.ApplyAsync(Wanted("mine"), live, CancellationToken.None);

        outcome.Should().Be(new ApplyOutcome<Widget>(live, Written: false, Created: false));
        _client.Writes.Should().ContainSingle("only the first apply wrote");
    }

    [Fact]
    public async Task OtherInstance_IsLookedAtAgain()
    {
        Widget settled = await SettledAsync("mine");
        Widget taken = Seen(settled, title: "mine", owned: false);

        (await _applier.ApplyAsync(Wanted("mine"), taken, CancellationToken.None)).Written.Should().BeTrue("somebody else has a field of it now");
    }

    [Fact]
    public async Task OtherIntent_IsWritten()
    {
        Widget live = await SettledAsync("mine");

        (await _applier.ApplyAsync(Wanted("other"), live, CancellationToken.None)).Written.Should().BeTrue();
        (await _applier.ApplyAsync(Wanted("mine"), live, CancellationToken.None)).Written.Should().BeFalse("what was seen is what is wanted again");
    }

    [Fact]
    public async Task InstanceThatWasWrittenTo_IsNotTakenForSettled()
    {
        Widget settled = await SettledAsync("mine");
        Widget taken = Seen(settled, title: "mine", owned: false);

        (await _applier.ApplyAsync(Wanted("mine"), taken, CancellationToken.None)).Written.Should().BeTrue();
        (await _applier.ApplyAsync(Wanted("mine"), taken, CancellationToken.None)).Written.Should().BeTrue("a cache that lags behind shows what was there before the write");
    }

    /// <summary>As a cache has it when it is as wanted, and was found to be.</summary>
    private async Task<Widget> SettledAsync(string title)
    {
        Widget applied = (await _applier.ApplyAsync(Wanted(title), live: null, CancellationToken.None)).Object;
        Widget live = Seen(applied, title, owned: true);
        (await _applier.ApplyAsync(Wanted(title), live, CancellationToken.None)).Written.Should().BeFalse("it is as wanted");
        return live;
    }

    private static Widget Seen(Widget applied, string title, bool owned) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = applied.Metadata.Name,
            Namespace = applied.Metadata.Namespace,
            Uid = applied.Metadata.Uid,
            ResourceVersion = applied.Metadata.ResourceVersion,
            Annotations = applied.Metadata.Annotations,
            ManagedFields =
            [
                new ManagedFieldsEntry
                {
                    Manager = owned ? Manager : "somebody",
                    Operation = "Apply",
                    FieldsV1 = System.Text.Json.JsonElement.Parse("""{"f:spec":{}}"""),
                },
            ],
        },
        Spec = new WidgetSpec { Title = title },
    };

    private static Widget Wanted(string title) => new()
    {
        Metadata = new ObjectMeta { Name = "one", Namespace = "default" },
        Spec = new WidgetSpec { Title = title },
    };
}
