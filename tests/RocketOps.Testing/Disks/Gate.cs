namespace RocketOps.Testing.Disks;

/// <summary>Holds up whoever passes until it is opened. Says when somebody stands before it.</summary>
public sealed class Gate : IDisposable
{
    private readonly ManualResetEventSlim _open = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => _reached.Task;

    public void Pass()
    {
        _reached.TrySetResult();
        _open.Wait();
    }

    public void Open() => _open.Set();

    public void Dispose() => _open.Set();
}
