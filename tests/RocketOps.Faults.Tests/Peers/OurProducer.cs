using RocketOps.Client;

namespace RocketOps.Faults.Tests.Peers;

/// <summary>Our client, with its defaults.</summary>
internal sealed class OurProducer : IPacedProducer
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly RocketMqProducer _producer;
    private readonly Task _sending;

    public OurProducer(string nameServer, string topic)
    {
        _producer = new RocketMqProducer(new ProducerOptions { NameServers = nameServer, Group = "ours" });
        _sending = SendAsync(topic);
    }

    public string Name => "RocketOps.Client";

    public SendLog Log { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _sending;
        await _producer.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task SendAsync(string topic)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await _producer.SendAsync(new Message(topic, "ours"), _stopping.Token);
                Log.Acknowledge();
            }
            catch (RocketMqException failure)
            {
                Log.Fail(failure.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(IPacedProducer.Pause, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
