using RocketOps.Broker.Delay;
using RocketOps.Broker.Replication.Master;
using RocketOps.Broker.StaticTopics;
using RocketOps.Broker.Timers;
using RocketOps.Broker.Transactions;
using RocketOps.Store.Dispatching;

namespace RocketOps.Broker.Roles.Sessions;

/// <summary>
/// Session of a master, with what only a master does, for as long as this broker is master in one epoch: it serves slaves, delivers delayed
/// messages, those that ask for a time as well, asks what became of transactions and looks after mappings. Built when the epoch begins and
/// disposed when it ends; nothing of it outlives that but the progress in its tables.
/// </summary>
internal sealed class RoleSession(ScheduleService schedule, TransactionCheckService transactions, HaListener slaves, TimerService timers, ExpiredStretches stretches) : IAsyncDisposable
{
    /// <summary>Looks after the mappings of static topics.</summary>
    public ExpiredStretches Stretches => stretches;

    /// <inheritdoc cref="TransactionCheckService.OpenHalves"/>
    public long OpenHalves => transactions.OpenHalves;

    /// <inheritdoc cref="ScheduleService.LateMs"/>
    public long DelayLateMs => schedule.LateMs;

    public void Start()
    {
        slaves.Open();
        schedule.Start();
        transactions.Start();
        timers.Start();
        stretches.Start();
    }

    /// <summary>A message became readable. May be called before the start and after the end.</summary>
    public void OnArrived(in MessageArrival message)
    {
        schedule.OnArrived(message);
        transactions.OnArrived(message);
        timers.OnArrived(message);
    }

    /// <summary>Returns when nothing of the session runs any more; a delivery that has begun is finished first.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await slaves.CloseAsync();
            await stretches.DisposeAsync();
            await schedule.DisposeAsync();
        }
        finally
        {
            try
            {
                await transactions.DisposeAsync();
            }
            finally
            {
                await timers.DisposeAsync();
            }
        }
    }
}
