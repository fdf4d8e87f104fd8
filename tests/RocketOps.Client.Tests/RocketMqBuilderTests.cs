using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using RocketOps.Client.Tests.Support;
using RocketOps.Protocol.Commands;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Client.Tests;

public sealed class RocketMqBuilderTests
{
    [Fact]
    public async Task Host_WithProducerAndConsumer_HandlesInAScopePerMessageAndLeavesAtTheStop()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        Seen seen = new();
        builder.Services.AddSingleton(seen).AddScoped<Scoped>();
        builder.Services.AddRocketMq(cluster.NameServer)
            .AddProducer("orders", Patient)
            .AddProducer("audit", Patient)
            .AddConsumer<OrderHandler>("billing", "T", "TagA", static options => Patient(options) with { ConsumeFromWhere = ConsumeFromWhere.FirstOffset });
        using (IHost host = builder.Build())
        {
            await host.StartAsync();
            IRocketMqProducer producer = host.Services.GetRequiredService<IRocketMqProducer>();
            producer.Should().BeSameAs(host.Services.GetRequiredKeyedService<IRocketMqProducer>("orders"))
                .And.NotBeSameAs(host.Services.GetRequiredKeyedService<IRocketMqProducer>("audit"));
            await producer.SendAsync(new Message("T", "one", "TagA"));
            await producer.SendAsync(new Message("T", "other", "TagB"));
            await producer.SendAsync(new Message("T", "two", "TagA"));

            await Eventually.TrueAsync(() => seen.Handled.Count == 2, "both were handled");
            await host.StopAsync();
            await ((IAsyncDisposable)host).DisposeAsync();
        }

        seen.Handled.Select(static handled => handled.Text).Should().BeEquivalentTo("one", "two");
        seen.Handled.Select(static handled => handled.Scope).Should().OnlyHaveUniqueItems();
        seen.Handled.Should().OnlyContain(static handled => handled.Scope.IsDisposed, "each scope ends with its message");
        cluster.Broker.Of(RequestCode.UnregisterClient).Select(static request => request.Get("consumerGroup") ?? request.Get("producerGroup")).Should().Contain(["billing", "orders"]);
    }

    [Fact]
    public async Task Host_WithAConsumerThatCannotWork_DoesNotStart()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton(new Seen()).AddScoped<Scoped>();
        builder.Services.AddRocketMq("127.0.0.1:1").AddConsumer<OrderHandler>("a b!", "T");
        using IHost host = builder.Build();

        await host.Awaiting(static it => it.StartAsync()).Should().ThrowAsync<ArgumentException>().WithMessage("*a b!*");
    }

    [Fact]
    public async Task HealthCheck_OfAHost_TellsNameServersAndConsumersApart()
    {
        FakeCluster cluster = await FakeCluster.StartAsync();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton(new Seen()).AddScoped<Scoped>();
        builder.Services.AddRocketMq(cluster.NameServer)
            .AddConsumer<OrderHandler>("billing", "T", configure: static options => Patient(options) with { RebalanceInterval = TimeSpan.FromMilliseconds(100) })
            .AddHealthCheck();
        using IHost host = builder.Build();
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();

        HealthReportEntry missing = (await health.CheckHealthAsync()).Entries["rocketmq"];
        missing.Status.Should().Be(HealthStatus.Degraded);
        missing.Description.Should().Be("billing reads no queue of T");

        cluster.AddTopic("T", 2);
        await Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Healthy, "the topic is read");
        (await health.CheckHealthAsync()).Entries["rocketmq"].Data.Should().Contain("billing/T", 2);

        await cluster.DisposeAsync();
        HealthReportEntry gone = (await health.CheckHealthAsync()).Entries["rocketmq"];
        gone.Status.Should().Be(HealthStatus.Unhealthy);
        gone.Description.Should().Contain("no name server of");
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    [Fact]
    public async Task HealthCheck_ABrokerIsAway_IsDegradedAndNamesIt()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        string away = $"127.0.0.1:{LoopbackPorts.Find()}";
        cluster.Redirect("T", away);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddRocketMq(cluster.NameServer).AddProducer("orders").AddHealthCheck();
        using IHost host = builder.Build();
        await host.StartAsync();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        (await health.CheckHealthAsync()).Status.Should().Be(HealthStatus.Healthy, "nothing was asked of the broker yet");

        await host.Services.GetRequiredService<IRocketMqProducer>().Awaiting(static it => it.SendAsync(new Message("T", "x"))).Should().ThrowAsync<RocketMqException>();

        HealthReportEntry degraded = (await health.CheckHealthAsync()).Entries["rocketmq"];
        degraded.Status.Should().Be(HealthStatus.Degraded);
        degraded.Description.Should().StartWith($"broker-a ({away}) cannot be reached: connect to {away} failed");
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    [Fact]
    public async Task Host_WithAGroupOfSeveralTopics_HandsEachToItsHandler()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.AddTopic("U", 1);
        cluster.Broker.Append("T", 0, "order", "A");
        cluster.Broker.Append("T", 0, "other", "B");
        cluster.Broker.Append("U", 0, "refund");
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        Seen seen = new();
        builder.Services.AddSingleton(seen).AddScoped<Scoped>();
        builder.Services.AddRocketMq(cluster.NameServer)
            .AddConsumer("billing", static topics => topics.Handle<OrderHandler>("T", "A").Handle<RefundHandler>("U"), static options => Patient(options) with { ConsumeFromWhere = ConsumeFromWhere.FirstOffset })
            .AddHealthCheck();
        using IHost host = builder.Build();
        await host.StartAsync();

        await Eventually.TrueAsync(() => seen.Handled.Count == 2, "both were handled");
        seen.Handled.Select(static handled => handled.Text).Should().BeEquivalentTo("order", "refunded refund");
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();
        await Eventually.TrueAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Healthy, "both are read");
        (await health.CheckHealthAsync()).Entries["rocketmq"].Data.Should().Contain("billing/T", 1).And.Contain("billing/U", 1);
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }

    [Fact]
    public void AddConsumer_ATopicTwice_IsRefused() => FluentActions
        .Invoking(static () => new ServiceCollection().AddRocketMq("127.0.0.1:1").AddConsumer("g", static topics => topics.Handle<OrderHandler>("T").Handle<RefundHandler>("T", "A")))
        .Should().Throw<ArgumentException>().WithMessage("*T has a handler*");

    [Fact]
    public async Task Host_WithConsumersThatAreAsked_SubscribesThemBeforeAnybodyAsksAndLeavesAtTheStop()
    {
        await using FakeCluster cluster = await FakeCluster.StartAsync();
        cluster.AddTopic("T", 1);
        cluster.AddTopic("U", 1);
        cluster.Broker.Append("T", 0, "streamed");
        cluster.Broker.Append("U", 0, "polled", "A");
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        Seen seen = new();
        builder.Services.AddSingleton(seen);

        // It asks as soon as it is started, before what is registered behind it.
        builder.Services.AddHostedService<Asking>();
        builder.Services.AddRocketMq(cluster.NameServer)
            .AddStreamConsumer("streams", "T", configure: static options => Patient(options) with { ConsumeFromWhere = ConsumeFromWhere.FirstOffset })
            .AddLitePullConsumer(
                "polls",
                new Dictionary<string, SubscriptionExpression>(StringComparer.Ordinal) { ["U"] = SubscriptionExpression.Tags("A") },
                static options => options with { ConsumeFromWhere = ConsumeFromWhere.FirstOffset, ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline });
        using IHost host = builder.Build();
        await host.StartAsync();

        host.Services.GetRequiredService<RocketMqStreamConsumer>().Should().BeSameAs(host.Services.GetRequiredKeyedService<RocketMqStreamConsumer>("streams"));
        await Eventually.TrueAsync(() => seen.Handled.Count == 2, "both came");
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();

        seen.Handled.Select(static handled => handled.Text).Should().BeEquivalentTo("streamed", "polled");
        cluster.Broker.Of(RequestCode.UnregisterClient).Select(static request => request.Get("consumerGroup")).Should().Contain(["streams", "polls"]);
        cluster.Broker.Offsets[("T", 0)].Should().Be(1);
    }

    internal static ProducerOptions Patient(ProducerOptions options) =>
        options with { ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline, SendTimeout = Eventually.DefaultDeadline };

    internal static PushConsumerOptions Patient(PushConsumerOptions options) => options with { ConnectTimeout = Eventually.DefaultDeadline, RequestTimeout = Eventually.DefaultDeadline };

    internal sealed class Seen
    {
        public ConcurrentQueue<(string Text, Scoped Scope)> Handled { get; } = new();
    }

    internal sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    internal sealed class OrderHandler(Seen seen, Scoped scope) : IMessageHandler
    {
        public ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            seen.Handled.Enqueue((message.GetText(), scope));
            return ValueTask.FromResult(ConsumeResult.Success);
        }
    }

    internal sealed class RefundHandler(Seen seen, Scoped scope) : IMessageHandler
    {
        public ValueTask<ConsumeResult> HandleAsync(ReceivedMessage message, CancellationToken cancellationToken)
        {
            seen.Handled.Enqueue(($"refunded {message.GetText()}", scope));
            return ValueTask.FromResult(ConsumeResult.Success);
        }
    }

    internal sealed class Asking(Seen seen, RocketMqStreamConsumer stream, RocketMqLitePullConsumer polling) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            Delivery delivery = await stream.ReceiveAsync(stoppingToken);
            seen.Handled.Enqueue((delivery.Message.GetText(), new Scoped()));
            delivery.Ack();
            IReadOnlyList<ReceivedMessage> polled = await polling.PollAsync(Eventually.DefaultDeadline, stoppingToken);
            seen.Handled.Enqueue((polled[0].GetText(), new Scoped()));
        }
    }
}
