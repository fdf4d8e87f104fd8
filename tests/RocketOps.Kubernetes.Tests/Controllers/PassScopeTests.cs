using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client;
using RocketOps.Kubernetes.Controllers;
using RocketOps.Kubernetes.Models;
using RocketOps.Kubernetes.Tests.Support;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Kubernetes.Tests.Controllers;

/// <summary>What lines of the log say of the pass they were written in.</summary>
public sealed class PassScopeTests : IAsyncLifetime
{
    private readonly FakeKubernetesClient _client = new();
    private readonly RecordingController _controller = new();
    private readonly ScopedLog _log = new();
    private readonly IHost _host;

    public PassScopeTests()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<IKubernetesClient>(_client);
        builder.Services.AddSingleton(_controller);
        builder.Logging.AddProvider(_log);
        builder.Services.AddKubernetesOperator(static o => o.LeaderElection = false)
            .AddController<RecordingController, Widget>(static c => c.WithLogField("replicas", static widget => widget.Spec.Replicas));
        _host = builder.Build();
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    [Fact]
    public async Task Line_WithinAPass_TellsItsObjectAndPass()
    {
        _controller.Around = () => SayAsync("within");
        _client.Put(new Widget { Metadata = new ObjectMeta { Name = "a", Namespace = "default" }, Spec = new WidgetSpec { Replicas = 3 } });

        await _host.StartAsync();
        await Eventually.TrueAsync(() => _log.Lines.Count(static line => line.Text == "within") == 1, "a pass");

        Dictionary<string, object?> fields = _log.Lines.Single(static line => line.Text == "within").Fields;
        fields.Remove("reconcileID", out object? id).Should().BeTrue();
        ((string)id!).Should().NotBeEmpty();
        fields.Should().BeEquivalentTo(new Dictionary<string, object?> { ["kind"] = "Widget", ["namespace"] = "default", ["name"] = "a", ["generation"] = 1L, ["replicas"] = 3 });
    }

    [Fact]
    public async Task Line_OfWorkThatOutlivesItsPass_TellsNoPass()
    {
        TaskCompletionSource later = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? background = null;
        _controller.Around = () =>
        {
            background ??= SayAfterAsync(later.Task);
            return Task.CompletedTask;
        };
        _client.Put(new Widget { Metadata = new ObjectMeta { Name = "a", Namespace = "default" } });
        await _host.StartAsync();
        await Eventually.TrueAsync(() => _controller.Passes("a") == 1, "the pass has begun what outlives it");
        _client.Put(new Widget { Metadata = new ObjectMeta { Name = "a", Namespace = "default" }, Spec = new WidgetSpec { Replicas = 2 } });
        await Eventually.TrueAsync(() => _controller.Passes("a") == 2, "the first pass has ended");

        later.SetResult();
        await background!;

        _log.Lines.Single(static line => line.Text == "later").Fields.Should().BeEmpty();
    }

    [Fact]
    public void Next_OfOneProcessAndItsSuccessor_SortsByTime()
    {
        FakeTimeProvider time = new();
        ReconcileIds first = new(time);
        string[] ids = [first.Next(), first.Next()];
        time.Advance(TimeSpan.FromMilliseconds(1));
        string next = new ReconcileIds(time).Next();

        ids.Append(next).Should().OnlyHaveUniqueItems().And.BeInAscendingOrder(StringComparer.Ordinal);
        ids[0].Should().HaveLength(next.Length);
    }

    private async Task SayAfterAsync(Task gate)
    {
        await gate;
        await SayAsync("later");
    }

    private Task SayAsync(string text)
    {
        _host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("anybody").Log(LogLevel.Information, 0, text, null, static (state, _) => state);
        return Task.CompletedTask;
    }

    private sealed record Line(string Text, Dictionary<string, object?> Fields);

    /// <summary>Keeps lines with the fields of their scopes.</summary>
    private sealed class ScopedLog : ILoggerProvider, ISupportExternalScope, ILogger
    {
        private IExternalScopeProvider? _scopes;

        public ConcurrentQueue<Line> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => _scopes!.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Dictionary<string, object?> fields = new(StringComparer.Ordinal);
            _scopes!.ForEachScope(
                static (scope, fields) =>
                {
                    foreach ((string name, object? value) in (IEnumerable<KeyValuePair<string, object?>>)scope!)
                    {
                        fields[name] = value;
                    }
                },
                fields);
            Lines.Enqueue(new Line(formatter(state, exception), fields));
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
