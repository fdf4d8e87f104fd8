using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Interop.Tests.Limits;

namespace RocketOps.Interop.Tests.Apache5;

[Collection(Apache5Collection.Name)]
public sealed class LimitTestsOnApache5(Apache5Fixture fixture) : LimitTests(fixture);
