using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Log;
using RocketOps.Store.Maintenance;
using RocketOps.Store.State;

namespace RocketOps.Store;

/// <summary>Catch-up of dispatch with the log: all that is in it at a moment becomes readable.</summary>
internal sealed class DispatchCatchUp(
    StoreOptions options, LogPositions positions, CommitLog log, Dispatcher dispatcher, LogWriter writer, SharedPasses passes,
    StoreState state, bool hasThreads)
{
    /// <summary><see cref="MessageStore.FinishDispatchAsync"/>.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long end = log.Appended;
        writer.WritePending();
        while (dispatcher.Dispatched < Math.Min(end, log.Appended))
        {
            if (state.HasFailed || !state.IsRunning)
            {
                throw new StoreException($"The store is not usable ({state.Flags}); what is in the log cannot all be made readable.");
            }

            LogMark mark = positions.End.NotBehind(new PhysicalOffset(end));
            await writer.WhenAsync(positions.VisibleAt, mark).WaitAsync(cancellationToken);
            if (options.DispatchesReplicatedOnly)
            {
                await writer.WhenAsync(LogPosition.Replicated, mark).WaitAsync(cancellationToken);
            }

            if (dispatcher.IsStalled || dispatcher.IsTooFarAhead)
            {
                // Until queues and index are on the disk nothing goes on; without room there that is what the caller is told.
                await passes.NextAsync().WaitAsync(cancellationToken);
            }

            // Another thread may be dispatching; it is done in a moment.
            await dispatcher.OwnAsync(cancellationToken);
            dispatcher.Release();
            if (hasThreads)
            {
                // What is not in memory any more is read from the disk, and the caller may be a connection's loop.
                await Task.Run(dispatcher.RunAndWait, cancellationToken);
            }
            else
            {
                dispatcher.RunAndWait();
            }
        }
    }
}
