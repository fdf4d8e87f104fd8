namespace RocketOps.Embedded.Api.Store;

/// <summary>
/// One change. Both sides are kept: a watch with a selector needs to know whether the object matched before.
/// </summary>
/// <param name="Version">The version of the change; a deletion takes one of its own.</param>
/// <param name="Old">Null when the object was created.</param>
/// <param name="New">Null when it was deleted.</param>
internal sealed record StoreEvent(long Version, StoredObject? Old, StoredObject? New)
{
    public string Collection => (New ?? Old)!.Collection;
}
