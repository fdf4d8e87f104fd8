namespace RocketOps.Client.Producing.Batching;

/// <summary>
/// Messages that wait for the route of their topic: which queue a key belongs to is not known before. Used under the gate of its
/// <see cref="SendBatcher"/>.
/// </summary>
internal sealed class UnroutedTopic(string topic)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Topic => topic;

    /// <summary>Messages that came before the question that is under way, in their order.</summary>
    public Queue<(BatchedSend Send, string ShardingKey)> Asking { get; } = new();

    /// <summary>Messages that came after it.</summary>
    public Queue<(BatchedSend Send, string ShardingKey)> Waiting { get; } = new();

    /// <summary>Completes when nothing waits here any more; then the topic is gone.</summary>
    public Task Ended => _ended.Task;

    public void BeginQuestion()
    {
        while (Waiting.TryDequeue(out (BatchedSend Send, string ShardingKey) waiting))
        {
            Asking.Enqueue(waiting);
        }
    }

    public void End() => _ended.SetResult();
}
