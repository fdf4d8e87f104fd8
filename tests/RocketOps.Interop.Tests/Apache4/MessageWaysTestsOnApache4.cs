using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.Messages;

namespace RocketOps.Interop.Tests.Apache4;

[Collection(Apache4Collection.Name)]
public sealed class MessageWaysTestsOnApache4(Apache4Fixture fixture) : MessageWaysTests(fixture);
