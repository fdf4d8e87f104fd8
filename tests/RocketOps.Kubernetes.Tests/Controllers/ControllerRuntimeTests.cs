using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Entities;
using RocketOps.Kubernetes.Informers;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Kubernetes.Tests.Controllers;

public sealed class ControllerRuntimeTests : IAsyncLifetime
{
    private const string Finalizer = "test.rocketops.io/clean";

    private readonly FakeKubernetesClient _client = new();
    private readonly RecordingController _controller = new();
    private readonly RecordingFinalizer _finalizer = new();
    private IHost? _host;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.StopAsync();
            _host.Dispose();
        }
    }

    [Fact]
    public async Task Entity_ThatExists_IsReconciled()
    {
        _client.Put(Widget("a"));
        await StartAsync();

        await PassesAsync("a", 1);
    }

    [Fact]
    public async Task StatusChange_BringsNoPass_SpecLabelAndAnnotationChangesDo()
    {
        _client.Put(Widget("a"));
        await StartAsync();
        await PassesAsync("a", 1);

        await ChangeAsync("a", w => w.Status = new WidgetStatus { Replicas = 1 });
        await ChangeAsync("a", w => w.Spec.Replicas = 2);
        await PassesAsync("a", 2);
        await ChangeAsync("a", w => w.Metadata.Annotations = new() { ["restart"] = "now" });
        await PassesAsync("a", 3);
        await ChangeAsync("a", w => w.Metadata.Labels = new() { ["x"] = "y" });
        await PassesAsync("a", 4);

        _controller.Passes("a").Should().Be(4);
    }

    [Fact]
    public async Task OwnedObject_Changing_BringsAPassOfItsOwnerOnly()
    {
        Widget owner = await _client.CreateAsync(Widget("a"));
        _client.Put(Widget("b"));
        await StartAsync();
        await PassesAsync("a", 1);
        await PassesAsync("b", 1);

        _client.Put(new ConfigMap
        {
            Metadata = new ObjectMeta { Name = "child", Namespace = "default", OwnerReferences = [owner.AsControllerReference()] },
        });
        await PassesAsync("a", 2);
        _client.Remove<ConfigMap>("child");

        await PassesAsync("a", 3);
        _controller.Passes("b").Should().Be(1);
    }

    [Fact]
    public async Task Failure_IsTriedAgain_ForEver()
    {
        _controller.OnReconcile = (w, pass) => pass switch
        {
            <= 4 => throw new InvalidOperationException("a bug"),
            <= 8 => ReconciliationResult<Widget>.Failure(w, "not yet"),
            _ => ReconciliationResult<Widget>.Success(w),
        };
        _client.Put(Widget("a"));
        await StartAsync();

        await PassesAsync("a", 9);
    }

    [Fact]
    public async Task RequeueAfter_BringsTheNextPass()
    {
        _controller.OnReconcile = (w, pass) => ReconciliationResult<Widget>.Success(w, pass < 5 ? TimeSpan.FromMilliseconds(5) : null);
        _client.Put(Widget("a"));
        await StartAsync();

        await PassesAsync("a", 5);
    }

    [Fact]
    public async Task Resync_LooksAtEverythingAgain()
    {
        _client.Put(Widget("a"));
        await StartAsync(resync: TimeSpan.FromMilliseconds(20));

        await PassesAsync("a", 3);
    }

    [Fact]
    public async Task Passes_OfOneEntity_NeverOverlap()
    {
        bool overlapped = false;
        int inside = 0;
        _controller.Around = async () =>
        {
            overlapped |= Interlocked.Increment(ref inside) > 1;
            await Task.Delay(5);
            Interlocked.Decrement(ref inside);
        };
        _client.Put(Widget("a"));
        await StartAsync();
        for (int i = 0; i < 30; i++)
        {
            await ChangeAsync("a", w => w.Spec.Minimum++);
            await Task.Yield();
        }

        await Eventually.TrueAsync(() => _controller.Last("a")?.Spec.Minimum == 30, "the last state is reconciled");
        overlapped.Should().BeFalse();
    }

    [Fact]
    public async Task Entity_HandedToTheController_IsItsOwnCopy()
    {
        _controller.OnReconcile = (w, _) =>
        {
            w.Spec.Title = "scribbled";
            return ReconciliationResult<Widget>.Success(w);
        };
        _client.Put(Widget("a"));
        await StartAsync();
        await PassesAsync("a", 1);

        _host!.Services.GetRequiredService<IEntityCache<Widget>>().Get("default", "a")!.Spec.Title.Should().Be("t");
    }

    [Fact]
    public async Task Deleted_TellsTheController()
    {
        _client.Put(Widget("a"));
        await StartAsync();
        await PassesAsync("a", 1);

        _client.Remove<Widget>("a");

        await Eventually.TrueAsync(() => _controller.Deleted.Contains("a"), "the controller knows");
    }

    [Fact]
    public async Task Finalizer_IsAttachedBeforeTheFirstPass_AndTakenOffAfterItsWork()
    {
        _client.Put(Widget("a"));
        await StartAsync(withFinalizer: true);
        await PassesAsync("a", 1);
        _controller.Last("a")!.HasFinalizer(Finalizer).Should().BeTrue();

        _finalizer.RemainingPasses = 3;
        await _client.DeleteAsync<Widget>("a", "default");

        await Eventually.TrueAsync(async () => await _client.GetAsync<Widget>("a", "default") is null, "the object is gone");
        _finalizer.Calls.Should().Be(4, "three times it was not finished");
    }

    [Fact]
    public async Task Finalizer_OfOthers_AreLeftAlone()
    {
        Widget widget = Widget("a");
        widget.Metadata.Finalizers = ["other/first", Finalizer, "other/last"];
        _client.Put(widget);
        await StartAsync(withFinalizer: true);

        await _client.DeleteAsync<Widget>("a", "default");

        await Eventually.TrueAsync(
            async () => (await _client.GetAsync<Widget>("a", "default"))!.Metadata.Finalizers!.SequenceEqual(["other/first", "other/last"]),
            "ours is off, the others stay");
    }

    [Fact]
    public async Task Entity_DeletedBetweenListAndWatch_IsFinalized()
    {
        Widget widget = Widget("a");
        widget.Metadata.Finalizers = [Finalizer];
        _client.Put(widget);
        Task<bool>? deleted = null;
        _client.Fault = call =>
        {
            deleted ??= call == "watch Widget" ? _client.DeleteAsync<Widget>("a", "default") : null;
            return null;
        };

        await StartAsync(withFinalizer: true);

        await Eventually.TrueAsync(async () => await _client.GetAsync<Widget>("a", "default") is null, "the object is gone");
        _finalizer.Calls.Should().Be(1);
    }

    [Fact]
    public async Task Finalizer_ThatDoesNotApply_IsNotAttachedAndTakenOffAgain()
    {
        _finalizer.Applies = false;
        Widget widget = Widget("a");
        widget.Metadata.Finalizers = [Finalizer];
        _client.Put(widget);
        _client.Put(Widget("b"));
        await StartAsync(withFinalizer: true);

        await PassesAsync("b", 1);
        await Eventually.TrueAsync(async () => !(await _client.GetAsync<Widget>("a", "default"))!.HasFinalizer(Finalizer), "it is off");
        (await _client.GetAsync<Widget>("b", "default"))!.HasFinalizer(Finalizer).Should().BeFalse();
    }

    [Fact]
    public async Task Finalizer_ConflictsOnTheWay_AreOvercome()
    {
        int conflicts = 0;
        _client.Fault = call => call == "patch Widget" && Interlocked.Increment(ref conflicts) <= 3 ? FakeKubernetesClient.Error(409, "Conflict") : null;
        _client.Put(Widget("a"));
        await StartAsync(withFinalizer: true);

        await PassesAsync("a", 1);
    }

    [Fact]
    public async Task Converged_ResyncsAndRelists_WriteNothing()
    {
        _client.Put(Widget("a"));
        await StartAsync(resync: TimeSpan.FromMilliseconds(10), withFinalizer: true);
        await PassesAsync("a", 2);
        int writes = _client.Writes.Count;

        await PassesAsync("a", 6);
        _client.EndWatches(FakeKubernetesClient.Error(410, "Expired"));
        await PassesAsync("a", 12);

        _client.Writes.Should().HaveCount(writes);
    }

    [Fact]
    public async Task LeaderElection_ControllersRunOnlyWhileLeading()
    {
        _client.Put(new Lease
        {
            Metadata = new ObjectMeta { Name = "op", Namespace = "default" },
            Spec = new LeaseSpec { HolderIdentity = "another", LeaseDurationSeconds = 3600 },
        });
        _client.Put(Widget("a"));
        await StartAsync(leaderElection: true);
        OperatorHealth health = _host!.Services.GetRequiredService<OperatorHealth>();
        await Eventually.TrueAsync(() => health.ReadyProblem() is null, "a standby is ready");
        await Eventually.TrueAsync(() => _host.Services.GetRequiredService<OperatorElector>().Elector!.ObservedHolder == "another", "the other leader is seen");
        health.IsLeader.Should().BeFalse();
        _controller.Passes("a").Should().Be(0);

        Lease lease = (await _client.GetAsync<Lease>("op", "default"))!;
        lease.Spec!.HolderIdentity = "";
        _client.Put(lease);

        await PassesAsync("a", 1);
        health.IsLeader.Should().BeTrue();
    }

    [Fact]
    public async Task Sync_Impossible_EndsTheHost()
    {
        _client.Fault = call => call == "list ConfigMap" ? FakeKubernetesClient.Error(403, "Forbidden") : null;
        FakeTimeProvider time = new();
        await StartAsync(time: time);
        IHostApplicationLifetime lifetime = _host!.Services.GetRequiredService<IHostApplicationLifetime>();
        await Eventually.TrueAsync(
            () => _host.Services.GetServices<IInformerLoop>().All(static informer => informer.Kind == "ConfigMap" ? informer.Problem is not null : informer.HasSynced), "all but one kind are listed");

        await Eventually.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMinutes(1));
                return lifetime.ApplicationStopping.IsCancellationRequested;
            },
            "the host stops");
        _host.Services.GetRequiredService<OperatorHealth>().ReadyProblem().Should().Contain("ConfigMap").And.Contain("Forbidden");
    }

    [Fact]
    public void AddCache_OfOneKindWithTwoSelectors_IsRefused()
    {
        IOperatorBuilder builder = new ServiceCollection().AddKubernetesOperator();
        builder.AddCache<ConfigMap>("a=b");

        Func<IOperatorBuilder> add = () => builder.AddCache<ConfigMap>("c=d");

        add.Should().Throw<InvalidOperationException>().WithMessage("*ConfigMap*");
    }

    [Theory]
    [InlineData("nopurpose")]
    [InlineData("/purpose")]
    [InlineData("domain/")]
    public void AddFinalizer_NameOfTheWrongForm_IsRefused(string identifier)
    {
        IOperatorBuilder builder = new ServiceCollection().AddKubernetesOperator();

        Func<IOperatorBuilder> add = () => builder.AddFinalizer<RecordingFinalizer, Widget>(identifier);

        add.Should().Throw<ArgumentException>();
    }

    private static Widget Widget(string name) => new()
    {
        Metadata = new ObjectMeta { Name = name, Namespace = "default" },
        Spec = new WidgetSpec { Title = "t" },
    };

    private async Task ChangeAsync(string name, Action<Widget> change)
    {
        Widget widget = (await _client.GetAsync<Widget>(name, "default"))!;
        change(widget);
        _client.Put(widget);
    }

    private async Task StartAsync(TimeSpan? resync = null, bool withFinalizer = false, bool leaderElection = false, TimeProvider? time = null)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<IKubernetesClient>(_client);
        builder.Services.AddSingleton(_controller);
        builder.Services.AddSingleton(_finalizer);
        builder.Services.AddSingleton(time ?? TimeProvider.System);
        IOperatorBuilder @operator = builder.Services.AddKubernetesOperator(o =>
        {
            o.Name = "op";
            o.LeaderElection = leaderElection;
            o.LeaseDuration = TimeSpan.FromMinutes(30);
            o.RenewDeadline = TimeSpan.FromMinutes(20);
            o.RetryPeriod = TimeSpan.FromMilliseconds(20);
            o.InitialBackoff = TimeSpan.FromMilliseconds(1);
            o.MaxBackoff = TimeSpan.FromMilliseconds(10);
        });
        @operator.AddController<RecordingController, Widget>(c => c.Owns<ConfigMap>().WithResync(resync ?? TimeSpan.FromHours(1)));
        if (withFinalizer)
        {
            @operator.AddFinalizer<RecordingFinalizer, Widget>(Finalizer);
        }

        _host = builder.Build();
        await _host.StartAsync();
    }

    private Task PassesAsync(string name, int count) => Eventually.TrueAsync(() => _controller.Passes(name) >= count, $"pass {count} of {name}");
}
