using RocketOps.Store.Contracts;
using RocketOps.Store.Dispatching;
using RocketOps.Store.Log;
using RocketOps.Store.Maintenance;
using RocketOps.Store.State;

namespace RocketOps.Store;

/// <summary>Changes where the log of a running store begins or ends, and who goes on with it: stops those who append, write and dispatch, has it done, and lets them go on. One change at a time.</summary>
internal sealed class LogChange(
    StoreState state, LogPositions positions, CommitLog log, Dispatcher dispatcher, LogWriter writer, QueueReader reader, Func<StoreMaintenance> maintenance, Func<LogTruncation> newTruncation, bool hasThreads)
{
    /// <summary><see cref="MessageStore.BeginLogAtAsync"/>.</summary>
    public async Task BeginAtAsync(long offset, CancellationToken cancellationToken)
    {
        int fileBytes = log.Segments.FileBytes;
        if (offset < 0 || offset % fileBytes != 0)
        {
            throw new StoreException($"No file of the log begins at {offset}: files are {fileBytes} bytes long here (mappedFileSizeCommitLog).");
        }

        await OwnWritingAsync(cancellationToken);
        try
        {
            await dispatcher.OwnAsync(cancellationToken);
            try
            {
                log.BeginAt(offset);
                dispatcher.Restart(offset, offset, lastStoreTimestamp: 0);
            }
            finally
            {
                dispatcher.Release();
            }
        }
        finally
        {
            log.Writes.Release();
        }
    }

    /// <summary><see cref="MessageStore.PrepareForMessagesAsync"/>, where not everything may be dispatched.</summary>
    public async Task CountOnAsync(CancellationToken cancellationToken)
    {
        await OwnWritingAsync(cancellationToken);
        try
        {
            await dispatcher.OwnAsync(cancellationToken);
            try
            {
                if (hasThreads)
                {
                    await Task.Run(() => dispatcher.CountOn(cancellationToken), cancellationToken);
                }
                else
                {
                    dispatcher.CountOn(cancellationToken);
                }
            }
            finally
            {
                dispatcher.Release();
            }
        }
        finally
        {
            log.Writes.Release();
        }

        dispatcher.Run();
    }

    /// <summary><see cref="MessageStore.TruncateAsync"/>.</summary>
    public async Task TruncateAsync(long offset, string? keepIn, CancellationToken cancellationToken)
    {
        if (!state.IsRunning || state.HasFailed)
        {
            throw new StoreException($"The log cannot be cut: the store does not run ({state.Flags}).");
        }

        if (!state.TryBeginCut())
        {
            throw new StoreException("The log is being cut already.");
        }

        TaskCompletionSource cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
        reader.Cut = cut.Task;
        try
        {
            log.Quiesce();
            await OwnWritingAsync(cancellationToken);
            try
            {
                await CutAsync(offset, keepIn, cancellationToken);
            }
            finally
            {
                log.Writes.Release();
            }
        }
        finally
        {
            state.EndCut();
            cut.SetResult();
        }

        dispatcher.Run();
    }

    /// <summary>Everything appended is written, and nobody writes until <see cref="PendingWrites.Release"/>.</summary>
    private async Task OwnWritingAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (state.HasFailed)
            {
                throw new StoreException($"The log cannot be changed: the store has failed ({state.Flags}).");
            }

            if (log.Writes.Write() < log.Appended)
            {
                await writer.WhenAsync(LogPosition.Written, positions.End);
            }
            else if (log.Writes.TryOwn())
            {
                return;
            }
            else
            {
                // The last leader is about to let go.
                await Task.Yield();
            }
        }
    }

    private async Task CutAsync(long offset, string? keepIn, CancellationToken cancellationToken)
    {
        await dispatcher.OwnAsync(cancellationToken);
        try
        {
            LogTruncation truncation = newTruncation();
            if (hasThreads)
            {
                await Task.Run(() => maintenance().Exclusively(() => truncation.Run(offset, keepIn, cancellationToken)), cancellationToken);
            }
            else
            {
                maintenance().Exclusively(() => truncation.Run(offset, keepIn, cancellationToken));
            }
        }
        finally
        {
            dispatcher.Release();
        }
    }
}
