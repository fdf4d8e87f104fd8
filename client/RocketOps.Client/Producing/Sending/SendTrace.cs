namespace RocketOps.Client.Producing.Sending;

/// <summary>What the attempts of a send leave behind for its trace: of the last one that was answered. Written by the sender, read when the send has ended.</summary>
internal sealed class SendTrace
{
    /// <summary>What brokers that tell no region are taken for. Matches MixAll.DEFAULT_TRACE_REGION_ID.</summary>
    public const string DefaultRegion = "DefaultRegion";

    /// <summary>Broker that answered; empty before.</summary>
    public string Address { get; set; } = string.Empty;

    /// <summary>The broker's region.</summary>
    public string Region { get; set; } = DefaultRegion;

    /// <summary>Whether the broker wants to be traced.</summary>
    public bool IsWanted { get; set; } = true;

    /// <summary>What was noted of the batch that a message was part of holds for the message.</summary>
    public void Take(SendTrace batch)
    {
        Address = batch.Address;
        Region = batch.Region;
        IsWanted = batch.IsWanted;
    }
}
