using System.Collections.Concurrent;
using System.Globalization;
using RocketOps.Cli.Tests.Support;
using RocketOps.Client;
using RocketOps.Testing;

namespace RocketOps.Cli.Tests.Up;

/// <summary>One producer with as many attempts as the client makes by itself, patient with each, and one message after the other: what was acknowledged, and which sends failed although the client tried again.</summary>
internal sealed class SteadyProducer : IAsyncDisposable
{
    private const int Enough = 40;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(25);

    private readonly RocketMqProducer _producer;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _acknowledged = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly Task _running;

    private SteadyProducer(string nameServers, string topic)
    {
        _producer = new RocketMqProducer(new ProducerOptions { NameServers = nameServers, Group = "steady", ConnectTimeout = CliRun.Patience, RequestTimeout = CliRun.Patience, SendTimeout = CliRun.Patience });
        _running = Task.Run(() => RunAsync(topic));
    }

    /// <summary>Sends that failed, with when and why.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    public static SteadyProducer Start(string nameServers, string topic) => new(nameServers, topic);

    /// <summary>Returns when some more messages have been acknowledged.</summary>
    public Task ServedAsync(TimeSpan deadline)
    {
        int before = _acknowledged.Count;
        return Eventually.TrueAsync(() => _acknowledged.Count >= before + Enough || _running.IsCompleted, "messages are acknowledged", deadline);
    }

    /// <returns>The bodies of all that was acknowledged.</returns>
    public async Task<IReadOnlyCollection<string>> StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
        return _acknowledged;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _producer.DisposeAsync();
        _stop.Dispose();
    }

    private async Task RunAsync(string topic)
    {
        for (int number = 0; !_stop.IsCancellationRequested; number++)
        {
            string body = string.Create(CultureInfo.InvariantCulture, $"message-{number}");
            try
            {
                SendResult sent = await _producer.SendAsync(new Message(topic, body));

                // A master alone while the other one restarts says so, and nobody else may lead.
                (sent.Status is SendStatus.SendOk or SendStatus.SlaveNotAvailable ? _acknowledged : _failures).Enqueue(body);
            }
            catch (RocketMqException failed)
            {
                _failures.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {body}: {failed.Message}");
            }

            await Task.Delay(Pause);
        }
    }
}
