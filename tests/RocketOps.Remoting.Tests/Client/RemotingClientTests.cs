using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Remoting.Client;
using RocketOps.Testing;
using RocketOps.Testing.Time;

namespace RocketOps.Remoting.Tests.Client;

public sealed class RemotingClientTests
{
    /// <summary>The clock stands still: only giving it up ends the connect.</summary>
    [Fact]
    public async Task Dispose_WhileAConnectionIsBeingMade_DoesNotWaitForItsTime()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        AddressResolver silent = (_, cancellationToken) =>
        {
            asked.SetResult();
            return new TaskCompletionSource<IReadOnlyList<IPEndPoint>>().Task.WaitAsync(cancellationToken);
        };
        RemotingClient client = new(new RemotingClientOptions(), NullLoggerFactory.Instance, silent, time: new FakeTimeProvider());
        Func<Task> connecting = () => client.ConnectAsync("nowhere:1");
        Task waiting = connecting.Should().ThrowAsync<IOException>().WithMessage("connect to nowhere:1 failed: the client was closed meanwhile");
        await asked.Task.WaitAsync(Eventually.DefaultDeadline);

        await client.DisposeAsync().AsTask().WaitAsync(Eventually.DefaultDeadline);

        await waiting.WaitAsync(Eventually.DefaultDeadline);
        await connecting.Should().ThrowAsync<ObjectDisposedException>();
    }
}
